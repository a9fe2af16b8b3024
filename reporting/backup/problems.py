class Unfit(Exception):
    """Why a backup is not made, or one is not restored, as a Chinese sentence that says what to do."""
