"""AC-1: who may open what of 报表, 上报件 and 归档包; access_matrix.py says how a line is read."""

FORM_PAGES = """
forms                | GET  | year              | BUREAU foreign_bureau auditor leader    | *          |
form                 | GET  | form              | BUREAU foreign_bureau auditor leader    | *          |
form-print           | GET  | form              | BUREAU foreign_bureau auditor leader    | *          |
form-export          | GET  | form              | BUREAU foreign_bureau auditor leader    | *          |
form-fill            | GET  | form              | BUREAU foreign_bureau                   | *          |
form-fill            | POST | form              | BUREAU foreign_bureau                   | *          |

session-archive      | GET  | ours.draft        | BUREAU auditor town head                | NO_RECORDS | *
session-archive      | GET  | theirs.submitted  | BUREAU auditor centre town2             | NO_RECORDS | *
session-archive      | GET  | foreign.submitted | foreign_bureau foreign_town             | NO_RECORDS | *
unit-archive         | GET  | ours.unit         | *                                       | NO_RECORDS | FOREIGN
unit-archive         | GET  | foreign.unit      | FOREIGN                                 | NO_RECORDS | *
"""
