"""AC-1: who may open what of 报表, 上报件 and 归档包; access_matrix.py says how a line is read."""

FORM_PAGES = """
forms                | GET  | year              | BUREAU foreign_bureau auditor leader    | *          |
form                 | GET  | form              | BUREAU foreign_bureau auditor leader    | *          |
form-print           | GET  | form              | BUREAU foreign_bureau auditor leader    | *          |
form-export          | GET  | form              | BUREAU foreign_bureau auditor leader    | *          |
form-fill            | GET  | form              | BUREAU foreign_bureau                   | *          |
form-fill            | POST | form              | BUREAU foreign_bureau                   | *          |
"""
