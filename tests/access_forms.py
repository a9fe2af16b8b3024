"""AC-1: who may open what of 报表, 上报件 and 归档包; access_matrix.py says how a line is read."""

FORM_PAGES = """
forms                | GET  | year              | BUREAU foreign_bureau auditor leader    | *          |
form                 | GET  | form              | BUREAU foreign_bureau auditor leader    | *          |
form-print           | GET  | form              | BUREAU foreign_bureau auditor leader    | *          |
form-export          | GET  | form              | BUREAU foreign_bureau auditor leader    | *          |
form-fill            | GET  | form              | BUREAU foreign_bureau                   | *          |
form-fill            | POST | form              | BUREAU foreign_bureau                   | *          |
submissions          | GET  | year              | BUREAU foreign_bureau auditor           | *          |
submission-new       | GET  | form              | BUREAU foreign_bureau                   | *          |
submission-new       | POST | form              | BUREAU foreign_bureau                   | *          |
submission           | GET  | ours.sent         | BUREAU auditor                          | *          | foreign_bureau
submission           | GET  | foreign.sent      | foreign_bureau                          | *          | BUREAU auditor
submission-print     | GET  | ours.sent         | BUREAU auditor                          | *          | foreign_bureau
submission-file      | GET  | ours.sent         | BUREAU auditor                          | *          | foreign_bureau
submission-scan      | GET  | ours.sent         | BUREAU auditor                          | *          | foreign_bureau
submission-scan      | GET  | foreign.sent      | foreign_bureau                          | *          | BUREAU auditor
submission-send      | GET  | ours.filing_up    | BUREAU                                  | *          | foreign_bureau
submission-send      | POST | ours.filing_up    | BUREAU                                  | *          | foreign_bureau
submission-send      | POST | foreign.filing_up | foreign_bureau                          | *          | BUREAU
submission-cancel    | GET  | ours.filing_up    | BUREAU                                  | *          | foreign_bureau
submission-cancel    | POST | ours.filing_up    | BUREAU                                  | *          | foreign_bureau
submission-cancel    | POST | foreign.filing_up | foreign_bureau                          | *          | BUREAU

session-archive      | GET  | ours.draft        | BUREAU auditor town head                | NO_RECORDS | *
session-archive      | GET  | theirs.submitted  | BUREAU auditor centre town2             | NO_RECORDS | *
session-archive      | GET  | foreign.submitted | foreign_bureau foreign_town             | NO_RECORDS | *
unit-archive         | GET  | ours.unit         | *                                       | NO_RECORDS | FOREIGN
unit-archive         | GET  | foreign.unit      | FOREIGN                                 | NO_RECORDS | *
"""
