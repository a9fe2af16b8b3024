"""Rosters: from what people paste to lines that are kept, shown, handed out and purged.

numbers   ID and telephone numbers are cut out of every text before anything else looks at it
reading   a pasted table, a chat list (接龙) or a workbook as lines of cells; knows no database
grid      the cells as the page shows them, checked one by one, with a message at each that is wrong
keeping   lines in and out of a session; who was at two sessions at once
showing   a roster as an account may see it: masked, or with names
exporting the workbook with its watermark, never on a disk
purging   what goes when its term has passed, and what is held back
"""
