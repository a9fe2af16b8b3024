"""AC-1: who may open what of `networks`; access_matrix.py says how a line is read."""

NETWORK_PAGES = """
login                | GET  | -                 | *                                       |            |
login                | POST | -                 | *                                       |            |
login-code           | GET  | -                 | *                                       |            |
login-code           | POST | -                 | *                                       |            |
demo-login           | POST | -                 |                                         |            | *
healthz              | GET  | -                 | *                                       |            |
logout               | POST | -                 | *                                       |            |
password-change      | GET  | -                 | *                                       |            |
password-change      | POST | -                 | *                                       |            |

accounts             | GET  | -                 | BUREAU foreign_bureau auditor operator  | *          |
accounts             | POST | -                 | BUREAU foreign_bureau auditor operator  | *          |
account-links        | POST | -                 | BUREAU foreign_bureau operator          | *          |
account-new          | GET  | -                 | BUREAU foreign_bureau operator          | *          |
account-new          | POST | -                 | BUREAU foreign_bureau operator          | *          |
account-username     | GET  | -                 | BUREAU foreign_bureau operator          | *          |
my-sign-ins          | GET  | -                 | *                                       |            |
my-sign-ins-end      | POST | -                 |                                         |            | *
second-factor        | GET  | -                 | *                                       |            |
second-factor-codes  | POST | -                 | *                                       |            |
second-factor-end    | GET  | -                 | *                                       |            |
second-factor-end    | POST | -                 | *                                       |            |
second-factor-set-up | GET  | -                 | *                                       |            |
second-factor-set-up | POST | -                 | *                                       |            |
set-password         | GET  | ours.link         | *                                       |            |
set-password         | GET  | no.link           |                                         |            | *
set-password         | POST | ours.link         | *                                       |            |
set-password         | POST | no.link           |                                         |            | *
account              | GET  | ours.account      | BUREAU auditor operator                 | *          | foreign_bureau
account              | GET  | foreign.account   | foreign_bureau operator                 | *          | BUREAU auditor
account              | GET  | bureau.account    | BUREAU auditor operator                 | *          | foreign_bureau
account              | GET  | operator.account  | operator                                | *          | BUREAU foreign_bureau auditor
account-end-sign-ins | POST | ours.account      | BUREAU operator                         | *          | foreign_bureau
account-end-sign-ins | POST | bureau.account    | bureau2 director                        | *          | foreign_bureau
account-end-sign-ins | POST | foreign.account   | foreign_bureau operator                 | *          | BUREAU
account-end-sign-ins | POST | operator.account  |                                         | *          | BUREAU foreign_bureau
account-hand-over    | GET  | ours.account      | BUREAU operator                         | *          | foreign_bureau
account-hand-over    | POST | ours.account      | BUREAU operator                         | *          | foreign_bureau
account-hand-over    | POST | bureau.account    | bureau2 director                        | *          | foreign_bureau
account-hand-over    | POST | foreign.account   | foreign_bureau operator                 | *          | BUREAU
account-hand-over    | POST | operator.account  |                                         | *          | BUREAU foreign_bureau
account-link         | GET  | ours.account      | BUREAU operator                         | *          | foreign_bureau
account-link         | POST | ours.account      | BUREAU operator                         | *          | foreign_bureau
account-link         | POST | bureau.account    | bureau2 director                        | *          | foreign_bureau
account-link         | POST | foreign.account   | foreign_bureau operator                 | *          | BUREAU
account-link         | POST | operator.account  |                                         | *          | BUREAU foreign_bureau
account-reactivate   | GET  | ours.account      | BUREAU operator                         | *          | foreign_bureau
account-reactivate   | POST | suspended.account | BUREAU operator                         | *          | foreign_bureau
account-reactivate   | POST | bureau.account    | bureau2 director                        | *          | foreign_bureau
account-reactivate   | POST | foreign.account   | foreign_bureau operator                 | *          | BUREAU
account-second-factor | GET  | ours.account     | BUREAU operator                         | *          | foreign_bureau
account-second-factor | POST | ours.account     | BUREAU operator                         | *          | foreign_bureau
account-second-factor | POST | bureau.account   | bureau2 director operator               | *          | foreign_bureau
account-second-factor | POST | foreign.account  | foreign_bureau operator                 | *          | BUREAU
account-second-factor | POST | operator.account |                                         | *          | BUREAU foreign_bureau
account-suspend      | GET  | ours.account      | BUREAU operator                         | *          | foreign_bureau
account-suspend      | POST | ours.account      | BUREAU operator                         | *          | foreign_bureau
account-suspend      | POST | bureau.account    | bureau2 director                        | *          | foreign_bureau
account-suspend      | POST | foreign.account   | foreign_bureau operator                 | *          | BUREAU
account-suspend      | POST | operator.account  |                                         | *          | BUREAU foreign_bureau

registry-workbooks   | GET  | -                 | *                                       | READERS    |
registry-upload      | GET  | institutions      | *                                       | READERS unit unit2 |
registry-upload      | GET  | contacts          | *                                       | READERS    |
registry-upload      | POST | institutions      | *                                       | READERS unit unit2 |
registry-upload      | POST | figures           | *                                       | READERS unit unit2 |
registry-download    | GET  | institutions      | *                                       | READERS unit unit2 |
registry-download    | GET  | staff             | *                                       | READERS unit unit2 |
registry-download    | GET  | contacts          | *                                       | READERS    |
registry-download    | GET  | figures           | *                                       | READERS unit unit2 |
registry-download    | POST | staff             | *                                       | READERS unit unit2 |
registry-import      | GET  | ours.workbook     | town                                    | READERS    | *
registry-import      | GET  | theirs.workbook   | town2                                   | READERS    | *
registry-import      | GET  | foreign.workbook  | foreign_town                            | READERS    | *
registry-confirm     | POST | ours.workbook     | town                                    | READERS    | *
registry-confirm     | POST | foreign.workbook  | foreign_town                            | READERS    | *
registry-marked      | GET  | ours.workbook     | town                                    | READERS    | *
registry-marked      | GET  | foreign.workbook  | foreign_town                            | READERS    | *
registry-discard     | POST | ours.workbook     | town                                    | READERS    | *
registry-discard     | POST | foreign.workbook  | foreign_town                            | READERS    | *

reorganisations      | GET  | -                 | *                                       | operator homeless |
reorganisation-undo  | GET  | ours.change       | BUREAU                                  | *          | foreign_bureau
reorganisation-undo  | GET  | foreign.change    | foreign_bureau                          | *          | BUREAU centre
reorganisation-undo  | POST | ours.change       | BUREAU                                  | *          | foreign_bureau
reorganisation-undo  | POST | foreign.change    | foreign_bureau                          | *          | BUREAU centre
unit-rename          | GET  | -                 | BUREAU foreign_bureau                   | *          |
unit-rename          | POST | -                 | BUREAU foreign_bureau                   | *          |
unit-merge           | GET  | -                 | BUREAU foreign_bureau                   | *          |
unit-merge           | POST | -                 | BUREAU foreign_bureau                   | *          |
unit-split           | GET  | -                 | BUREAU foreign_bureau                   | *          |
unit-split           | POST | -                 | BUREAU foreign_bureau                   | *          |
place-rename         | GET  | -                 | BUREAU foreign_bureau centre            | *          |
place-rename         | POST | -                 | BUREAU foreign_bureau centre            | *          |
place-merge          | GET  | -                 | BUREAU foreign_bureau centre            | *          |
place-merge          | POST | -                 | BUREAU foreign_bureau centre            | *          |
place-split          | GET  | -                 | BUREAU foreign_bureau centre            | *          |
place-split          | POST | -                 | BUREAU foreign_bureau centre            | *          |
privacy-edit         | GET  | -                 | BUREAU foreign_bureau                   | *          |
privacy-edit         | POST | -                 | BUREAU foreign_bureau                   | *          |
privacy              | GET  | -                 | *                                       |            |
privacy-county       | GET  | ours.county       | *                                       |            |
privacy-county       | GET  | foreign.county    |                                         |            | *

people               | GET  | -                 | *                                       | NO_RECORDS |
people               | POST | -                 | *                                       | NO_RECORDS |
helpers              | GET  | -                 | *                                       | NO_RECORDS |
person               | GET  | ours.person       | BUREAU auditor centre town head         | NO_RECORDS | *
person               | GET  | theirs.person     | BUREAU auditor centre town2             | NO_RECORDS | *
person               | GET  | foreign.person    | foreign_bureau foreign_town             | NO_RECORDS | *
appointment-new      | GET  | -                 | *                                       | READERS    |
appointment-new      | POST | -                 | *                                       | READERS    |
person-edit          | GET  | ours.person       | BUREAU centre town                      | READERS    | *
person-edit          | POST | ours.person       | BUREAU centre town                      | READERS    | *
person-edit          | POST | theirs.person     | BUREAU centre town2                     | READERS    | *
person-edit          | POST | foreign.person    | foreign_bureau foreign_town             | READERS    | *
appointment-edit     | GET  | ours.appointment  | BUREAU centre town                      | READERS    | *
appointment-edit     | POST | ours.appointment  | BUREAU centre town                      | READERS    | *
appointment-edit     | POST | theirs.appointment | BUREAU centre town2                     | READERS    | *
appointment-edit     | POST | foreign.appointment | foreign_bureau foreign_town             | READERS    | *
appointment-leave    | GET  | ours.appointment  | BUREAU centre town                      | READERS    | *
appointment-leave    | POST | ours.appointment  | BUREAU centre town                      | READERS    | *
appointment-leave    | POST | theirs.appointment | BUREAU centre town2                     | READERS    | *
appointment-leave    | POST | foreign.appointment | foreign_bureau foreign_town             | READERS    | *
appointment-succeed  | GET  | ours.appointment  | BUREAU centre town                      | READERS    | *
appointment-succeed  | POST | ours.appointment  | BUREAU centre town                      | READERS    | *
appointment-succeed  | POST | theirs.appointment | BUREAU centre town2                     | READERS    | *
appointment-succeed  | POST | foreign.appointment | foreign_bureau foreign_town             | READERS    | *
service-new          | GET  | ours.appointment  | BUREAU centre town                      | READERS    | *
service-new          | POST | ours.appointment  | BUREAU centre town                      | READERS    | *
service-new          | POST | theirs.appointment | BUREAU centre town2                     | READERS    | *
service-new          | POST | foreign.appointment | foreign_bureau foreign_town             | READERS    | *
service-edit         | GET  | ours.hours        | BUREAU centre town                      | READERS    | *
service-edit         | POST | ours.hours        | BUREAU centre town                      | READERS    | *
service-edit         | POST | theirs.hours      | BUREAU centre town2                     | READERS    | *
service-edit         | POST | foreign.hours     | foreign_bureau foreign_town             | READERS    | *
service-remove       | GET  | ours.hours        | BUREAU centre town                      | READERS    | *
service-remove       | POST | ours.hours        | BUREAU centre town                      | READERS    | *
service-remove       | POST | theirs.hours      | BUREAU centre town2                     | READERS    | *
service-remove       | POST | foreign.hours     | foreign_bureau foreign_town             | READERS    | *

contacts             | GET  | -                 | *                                       | NO_RECORDS |
contacts-print       | GET  | -                 | BUREAU foreign_bureau centre            | *          |
contacts-print       | POST | -                 | BUREAU foreign_bureau centre            | *          |

leading-groups       | GET  | -                 | *                                       | operator homeless |
leading-group        | GET  | ours.group        | *                                       | operator homeless | FOREIGN
leading-group        | GET  | foreign.group     | FOREIGN                                 | operator homeless | *
leading-group-print  | GET  | ours.group        | *                                       | operator homeless | FOREIGN
leading-group-print  | GET  | foreign.group     | FOREIGN                                 | operator homeless | *
leading-group-new    | GET  | -                 |                                         | READERS centre | *
leading-group-new    | POST | -                 |                                         | READERS centre | *
leading-group-edit   | GET  | ours.group        | BUREAU town                             | READERS centre town2 unit unit2 | FOREIGN
leading-group-edit   | POST | ours.group        | BUREAU town                             | READERS centre town2 unit unit2 | FOREIGN
leading-group-edit   | POST | foreign.group     | FOREIGN                                 | READERS centre | *
seat-new             | GET  | ours.group        | BUREAU town                             | READERS centre town2 unit unit2 | FOREIGN
seat-new             | POST | ours.group        | BUREAU town                             | READERS centre town2 unit unit2 | FOREIGN
seat-new             | POST | foreign.group     | FOREIGN                                 | READERS centre | *
seat-edit            | GET  | ours.seat         | BUREAU town                             | READERS centre town2 unit unit2 | FOREIGN
seat-edit            | POST | ours.seat         | BUREAU town                             | READERS centre town2 unit unit2 | FOREIGN
seat-edit            | POST | foreign.seat      | FOREIGN                                 | READERS centre | *
seat-hand            | GET  | ours.seat         | BUREAU town                             | READERS centre town2 unit unit2 | FOREIGN
seat-hand            | POST | ours.seat         | BUREAU town                             | READERS centre town2 unit unit2 | FOREIGN
seat-hand            | POST | foreign.seat      | FOREIGN                                 | READERS centre | *
seat-vacate          | GET  | ours.seat         | BUREAU town                             | READERS centre town2 unit unit2 | FOREIGN
seat-vacate          | POST | ours.seat         | BUREAU town                             | READERS centre town2 unit unit2 | FOREIGN
seat-vacate          | POST | foreign.seat      | FOREIGN                                 | READERS centre | *
holder-edit          | GET  | ours.holder       | BUREAU town                             | READERS centre town2 unit unit2 | FOREIGN
holder-edit          | POST | ours.holder       | BUREAU town                             | READERS centre town2 unit unit2 | FOREIGN
holder-edit          | POST | foreign.holder    | FOREIGN                                 | READERS centre | *

community-new        | GET  | -                 | *                                       | READERS    |
community-new        | POST | -                 | *                                       | READERS    |
community-edit       | GET  | ours.community    | BUREAU centre town                      | *          | FOREIGN
community-edit       | POST | ours.community    | BUREAU centre town                      | *          | FOREIGN
community-edit       | POST | theirs.community  | BUREAU centre town2                     | *          | FOREIGN
community-edit       | POST | foreign.community | FOREIGN                                 | READERS    | *
community-end        | GET  | ours.community    | BUREAU centre town                      | *          | FOREIGN
community-end        | POST | ours.community    | BUREAU centre town                      | *          | FOREIGN
community-end        | POST | theirs.community  | BUREAU centre town2                     | *          | FOREIGN
community-end        | POST | foreign.community | FOREIGN                                 | READERS    | *
resources            | GET  | -                 | *                                       | NO_NETWORK |
resource             | GET  | ours.resource     | *                                       | NO_NETWORK | FOREIGN
resource             | GET  | theirs.resource   | *                                       | NO_NETWORK | FOREIGN
resource             | GET  | foreign.resource  | FOREIGN                                 | NO_NETWORK | *
resource-new         | GET  | -                 | *                                       | READERS unit2 |
resource-new         | POST | -                 | *                                       | READERS unit2 |
resource-edit        | GET  | ours.resource     | BUREAU centre town                      | *          | FOREIGN
resource-edit        | GET  | culture.resource  | BUREAU centre unit                      | *          | FOREIGN
resource-edit        | POST | ours.resource     | BUREAU centre town                      | *          | FOREIGN
resource-edit        | POST | theirs.resource   | BUREAU centre town2                     | *          | FOREIGN
resource-edit        | POST | foreign.resource  | FOREIGN                                 | READERS    | *
resource-close       | GET  | ours.resource     | BUREAU centre town                      | *          | FOREIGN
resource-close       | POST | ours.resource     | BUREAU centre town                      | *          | FOREIGN
resource-close       | POST | culture.resource  | BUREAU centre unit                      | *          | FOREIGN
resource-close       | POST | foreign.resource  | FOREIGN                                 | READERS    | *
providers            | GET  | -                 | *                                       | NO_NETWORK |
provider             | GET  | ours.provider     | *                                       | NO_NETWORK | FOREIGN
provider             | GET  | foreign.provider  | FOREIGN                                 | NO_NETWORK | *
provider-new         | GET  | -                 | *                                       | READERS unit unit2 |
provider-new         | POST | -                 | *                                       | READERS unit unit2 |
provider-edit        | GET  | ours.provider     | BUREAU centre town                      | *          | FOREIGN
provider-edit        | POST | ours.provider     | BUREAU centre town                      | *          | FOREIGN
provider-edit        | POST | theirs.provider   | BUREAU centre town2                     | *          | FOREIGN
provider-edit        | POST | foreign.provider  | FOREIGN                                 | READERS    | *
resource-projects    | GET  | -                 | *                                       | NO_NETWORK |
resource-project-new | GET  | -                 | *                                       | READERS unit2 |
resource-project-new | POST | -                 | *                                       | READERS unit2 |
resource-project-edit | GET  | ours.project     | BUREAU centre town                      | *          | FOREIGN
resource-project-edit | GET  | culture.project  | BUREAU centre unit                      | *          | FOREIGN
resource-project-edit | POST | ours.project     | BUREAU centre town                      | *          | FOREIGN
resource-project-edit | POST | theirs.project   | BUREAU centre town2                     | *          | FOREIGN
resource-project-edit | POST | foreign.project  | FOREIGN                                 | READERS    | *

surveys              | GET  | -                 | *                                       | operator homeless |
survey-new           | GET  | -                 | *                                       | READERS unit unit2 |
survey-new           | POST | -                 | *                                       | READERS unit unit2 |
survey-edit          | GET  | ours.survey       | BUREAU centre town                      | READERS town2 unit unit2 | *
survey-edit          | POST | ours.survey       | BUREAU centre town                      | READERS town2 unit unit2 | *
survey-edit          | POST | foreign.survey    | foreign_bureau foreign_town             | READERS    | *
figures              | GET  | -                 | *                                       | operator homeless |
figure-sheet         | GET  | ours.figures      | BUREAU auditor centre leader town town2 head unit unit2 unit_head | operator homeless | *
figure-sheet         | GET  | foreign.figures   | foreign_bureau foreign_town             | operator homeless | *
figure-sheet         | POST | ours.figures      | BUREAU centre town                      | auditor leader town2 head unit unit2 unit_head operator homeless | *
figure-sheet         | POST | theirs.figures    | BUREAU centre town2                     | auditor leader town head unit unit2 unit_head operator homeless | *
figure-sheet         | POST | foreign.figures   | foreign_bureau foreign_town             | operator homeless | *

institution-new      | GET  | -                 | BUREAU centre town town2 foreign_bureau foreign_town | * |
institution-new      | POST | -                 | BUREAU centre town town2 foreign_bureau foreign_town | * |
institution-edit     | GET  | ours.institution  | BUREAU centre town                      | *          | foreign_bureau foreign_town
institution-edit     | POST | ours.institution  | BUREAU centre town                      | *          | foreign_bureau foreign_town
institution-edit     | POST | theirs.institution | BUREAU centre town2                    | *          | foreign_bureau foreign_town
institution-edit     | POST | foreign.institution | foreign_bureau foreign_town           | READERS    | *
institution-state    | GET  | ours.institution  | BUREAU centre town                      | *          | foreign_bureau foreign_town
institution-state    | POST | ours.institution  | BUREAU centre town                      | *          | foreign_bureau foreign_town
institution-state    | POST | theirs.institution | BUREAU centre town2                    | *          | foreign_bureau foreign_town
institution-state    | POST | foreign.institution | foreign_bureau foreign_town           | READERS    | *
institution-checks   | GET  | ours.institution  | BUREAU centre town                      | *          | foreign_bureau foreign_town
institution-checks   | POST | ours.institution  | BUREAU centre town                      | *          | foreign_bureau foreign_town
institution-checks   | POST | theirs.institution | BUREAU centre town2                    | *          | foreign_bureau foreign_town
institution-checks   | POST | foreign.institution | foreign_bureau foreign_town           | READERS    | *
institution-photo    | GET  | ours.institution  | BUREAU centre town                      | *          | foreign_bureau foreign_town
institution-photo    | POST | ours.institution  | BUREAU centre town                      | *          | foreign_bureau foreign_town
institution-photo    | POST | theirs.institution | BUREAU centre town2                    | *          | foreign_bureau foreign_town
institution-photo    | POST | foreign.institution | foreign_bureau foreign_town           | READERS    | *
attachment           | GET  | ours.attachment   | *                                       | operator homeless | foreign_bureau foreign_town
attachment           | GET  | theirs.attachment | *                                       | operator homeless | foreign_bureau foreign_town
attachment           | GET  | foreign.attachment | foreign_bureau foreign_town            | operator homeless | *
"""
