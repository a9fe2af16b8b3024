"""AC-1: who may open what of 催报, 补报 and 报送材料; access_matrix.py says how a line is read."""

PROMPTING_PAGES = """
prompting            | GET  | year              | *                                       | NO_MATERIALS |
prompting            | POST | year              | BUREAU foreign_bureau                   | *          |
prompt-withdraw      | POST | ours.round        | BUREAU                                  | *          | foreign_bureau
prompt-withdraw      | POST | foreign.round     | foreign_bureau                          | *          | BUREAU
prompt-read          | POST | ours.prompt       | town                                    | *          | town2 unit unit2 foreign_town
prompt-read          | POST | foreign.prompt    | foreign_town                            | *          | town town2 unit unit2
late-entries         | GET  | last              | *                                       | STANDING_TO_NOBODY |
late-entries         | POST | last              | *                                       | READERS centre |
late-entry           | GET  | ours.late         | BUREAU                                  | *          | foreign_bureau
late-entry           | POST | ours.late         | BUREAU                                  | *          | foreign_bureau
late-entry           | POST | foreign.late      | foreign_bureau                          | *          | BUREAU
late-entry-withdraw  | GET  | ours.late         | BUREAU town                             | *          | town2 unit unit2 FOREIGN
late-entry-withdraw  | POST | ours.late         | BUREAU town                             | *          | town2 unit unit2 FOREIGN
late-entry-withdraw  | POST | foreign.late      | FOREIGN                                 | *          | BUREAU town town2 unit unit2
materials            | GET  | year              | *                                       | NO_MATERIALS |
materials-export     | GET  | year              | BUREAU foreign_bureau auditor           | *          |
materials-begin      | POST | year              | BUREAU foreign_bureau                   | *          |
material-kind-new    | GET  | year              | BUREAU foreign_bureau                   | *          |
material-kind-new    | POST | year              | BUREAU foreign_bureau                   | *          |
material-kind        | GET  | ours.kind         | BUREAU auditor                          | *          | foreign_bureau
material-kind        | GET  | foreign.kind      | foreign_bureau                          | *          | BUREAU auditor
material-kind-edit   | GET  | ours.kind         | BUREAU                                  | *          | foreign_bureau
material-kind-edit   | POST | ours.kind         | BUREAU                                  | *          | foreign_bureau
material-kind-edit   | POST | foreign.kind      | foreign_bureau                          | *          | BUREAU
material             | GET  | ours.material_of  | BUREAU auditor town head                | NO_MATERIALS | *
material             | GET  | theirs.material_of | BUREAU auditor town2                   | NO_MATERIALS | *
material             | GET  | foreign.material_of | FOREIGN                               | NO_MATERIALS | *
material-hand-in     | GET  | ours.material_of  | BUREAU town                             | *          | town2 unit unit2 FOREIGN
material-hand-in     | POST | ours.material_of  | BUREAU town                             | *          | town2 unit unit2 FOREIGN
material-hand-in     | POST | theirs.material_of | BUREAU town2                           | *          | town unit unit2 FOREIGN
material-hand-in     | POST | foreign.material_of | FOREIGN                               | *          | BUREAU town town2 unit unit2
material-decide      | GET  | ours.material_of  | BUREAU                                  | *          | foreign_bureau
material-decide      | POST | ours.material_of  | BUREAU                                  | *          | foreign_bureau
material-decide      | POST | foreign.material_of | foreign_bureau                        | *          | BUREAU
material-file        | GET  | ours.filing       | BUREAU auditor town head                | NO_MATERIALS | *
material-file        | GET  | theirs.filing     | BUREAU auditor town2                    | NO_MATERIALS | *
material-file        | GET  | foreign.filing    | FOREIGN                                 | NO_MATERIALS | *
"""
