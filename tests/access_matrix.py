"""AC-1: who may open what. The one table that tests/test_access_matrix.py compares every address of the site with.

A line says, for one address, one kind of request and one sample: who gets it (ok), who may see such things but not this act or
page (403), and for whom the thing does not exist (404). `*` is everybody not named on the line. Whoever has not signed in is
sent to the sign-in page everywhere, but for the PUBLIC addresses. Samples are `whose.state`: ours belongs to 白山镇, theirs to
古零镇 in the same county, foreign to another county; `-` is an address without an object.
"""

GROUPS = {
    "BUREAU": "bureau bureau2 director",
    "NO_RECORDS": "leader operator homeless",  # see no session at all
    "STANDING_TO_NOBODY": "centre operator homeless",
    "READERS": "leader auditor operator head unit_head homeless",  # enter and import nothing
}

PUBLIC = {"login", "demo-login", "healthz", "admin:login"}

PAGES = """
login                | GET  | -                 | *                                       |            |
login                | POST | -                 | *                                       |            |
demo-login           | POST | -                 |                                         |            | *
healthz              | GET  | -                 | *                                       |            |
logout               | POST | -                 | *                                       |            |
password-change      | GET  | -                 | *                                       |            |
password-change      | POST | -                 | *                                       |            |

session-list         | GET  | -                 | *                                       | NO_RECORDS |
session-new          | GET  | -                 | *                                       | READERS    |
session-new          | POST | -                 | *                                       | READERS    |
session-submit-many  | POST | -                 | *                                       | READERS    |
session-detail       | GET  | ours.draft        | BUREAU auditor town head                | NO_RECORDS | *
session-detail       | GET  | ours.submitted    | BUREAU auditor centre town head         | NO_RECORDS | *
session-detail       | GET  | theirs.submitted  | BUREAU auditor centre town2             | NO_RECORDS | *
session-detail       | GET  | foreign.submitted | foreign_bureau foreign_town             | NO_RECORDS | *
session-detail       | GET  | ours.joint        | BUREAU auditor centre town head unit unit_head | NO_RECORDS | *
session-edit         | GET  | ours.draft        | town                                    | READERS BUREAU | *
session-edit         | GET  | ours.joint        | town                                    | READERS BUREAU centre unit | *
session-edit         | POST | ours.draft        | town                                    | READERS BUREAU | *
session-edit         | POST | theirs.draft      | town2                                   | READERS BUREAU | *
session-edit         | POST | foreign.draft     | foreign_town                            | READERS foreign_bureau | *
session-submit       | POST | ours.draft        | town                                    | READERS BUREAU | *
session-submit       | POST | ours.behalf       | town BUREAU                             | READERS    | *
session-submit       | POST | foreign.draft     | foreign_town                            | READERS foreign_bureau | *
session-withdraw     | POST | ours.submitted    | town                                    | READERS BUREAU centre | *
session-withdraw     | POST | ours.joint        | town                                    | READERS BUREAU centre unit | *
session-withdraw     | POST | foreign.submitted | foreign_town                            | READERS foreign_bureau | *
session-hold         | POST | ours.planned      | town                                    | READERS BUREAU | *
session-hold         | POST | foreign.planned   | foreign_town                            | READERS foreign_bureau | *
session-void         | GET  | ours.draft        | town                                    | READERS BUREAU | *
session-void         | POST | ours.draft        | town                                    | READERS BUREAU | *
session-void         | POST | foreign.draft     | foreign_town                            | READERS foreign_bureau | *
session-cancel       | GET  | ours.planned      | town                                    | READERS BUREAU | *
session-cancel       | POST | ours.planned      | town                                    | READERS BUREAU | *
session-cancel       | POST | foreign.planned   | foreign_town                            | READERS foreign_bureau | *
session-confirm      | POST | ours.behalf       | town                                    | READERS BUREAU | *
session-confirm      | POST | ours.joint        | unit town                               | READERS BUREAU centre | *
session-history      | GET  | ours.draft        | BUREAU auditor town head                | NO_RECORDS | *
session-history      | GET  | theirs.submitted  | BUREAU auditor centre town2             | NO_RECORDS | *
session-history      | GET  | foreign.submitted | foreign_bureau foreign_town             | NO_RECORDS | *
session-sheet        | GET  | ours.draft        | BUREAU auditor town head                | NO_RECORDS | *
session-sheet        | GET  | foreign.draft     | foreign_bureau foreign_town             | NO_RECORDS | *
session-export       | GET  | year              | *                                       | NO_RECORDS |
evidence-add         | POST | ours.draft        | town                                    | READERS BUREAU | *
evidence-add         | POST | theirs.draft      | town2                                   | READERS BUREAU | *
evidence-add         | POST | foreign.draft     | foreign_town                            | READERS foreign_bureau | *
evidence-file        | GET  | ours.evidence     | BUREAU auditor centre town head         | NO_RECORDS | *
evidence-file        | GET  | theirs.evidence   | BUREAU auditor centre town2             | NO_RECORDS | *
evidence-file        | GET  | foreign.evidence  | foreign_bureau foreign_town             | NO_RECORDS | *
evidence-file        | GET  | mixed.evidence    |                                         | NO_RECORDS | *
evidence-delete      | GET  | draft.evidence    | town                                    | READERS BUREAU | *
evidence-delete      | POST | draft.evidence    | town                                    | READERS BUREAU | *
evidence-delete      | POST | foreign.evidence  | foreign_town                            | READERS foreign_bureau | *

review-queue         | GET  | -                 | BUREAU foreign_bureau                   | *          |
review-session       | GET  | ours.submitted    | BUREAU                                  | *          | foreign_bureau
review-session       | GET  | foreign.submitted | foreign_bureau                          | *          | BUREAU
review-verify        | POST | ours.submitted    | BUREAU                                  | *          | foreign_bureau
review-verify        | POST | foreign.submitted | foreign_bureau                          | *          | BUREAU
review-return        | POST | ours.submitted    | BUREAU                                  | *          | foreign_bureau
review-return        | POST | foreign.submitted | foreign_bureau                          | *          | BUREAU
review-revoke        | GET  | ours.verified     | BUREAU                                  | *          | foreign_bureau
review-revoke        | POST | ours.verified     | BUREAU                                  | *          | foreign_bureau
review-revoke        | POST | foreign.verified  | foreign_bureau                          | *          | BUREAU
review-correct       | POST | ours.submitted    | BUREAU                                  | *          | foreign_bureau
review-correct       | POST | foreign.submitted | foreign_bureau                          | *          | BUREAU
review-verify-many   | GET  | -                 | BUREAU foreign_bureau                   | *          |
review-verify-many   | POST | -                 | BUREAU foreign_bureau                   | *          |

import-upload        | GET  | -                 | *                                       | READERS    |
import-upload        | POST | -                 | *                                       | READERS    |
import-template      | GET  | -                 | *                                       | READERS    |
import-list          | GET  | -                 | *                                       | READERS    |
import-batch         | GET  | ours.rehearsed    | BUREAU town                             | READERS    | *
import-batch         | GET  | theirs.rehearsed  | BUREAU town2                            | READERS    | *
import-batch         | GET  | foreign.rehearsed | foreign_bureau foreign_town             | READERS    | *
import-batch         | GET  | ours.committed    | BUREAU town                             | READERS    | *
import-batch         | POST | ours.rehearsed    | town                                    | READERS BUREAU | *
import-batch         | POST | foreign.rehearsed | foreign_town                            | READERS foreign_bureau | *
import-confirm       | POST | ours.rehearsed    | town                                    | READERS BUREAU | *
import-confirm       | POST | foreign.rehearsed | foreign_town                            | READERS foreign_bureau | *
import-marked        | GET  | ours.rehearsed    | town                                    | READERS BUREAU | *
import-marked        | GET  | foreign.rehearsed | foreign_town                            | READERS foreign_bureau | *
import-discard       | POST | ours.rehearsed    | town                                    | READERS BUREAU | *
import-discard       | POST | foreign.rehearsed | foreign_town                            | READERS foreign_bureau | *
import-undo          | GET  | ours.committed    | town                                    | READERS BUREAU | *
import-undo          | POST | ours.committed    | town                                    | READERS BUREAU | *
import-undo          | POST | foreign.committed | foreign_town                            | READERS foreign_bureau | *

desk                 | GET  | -                 | *                                       |            |
assessment-now       | GET  | -                 | *                                       | STANDING_TO_NOBODY |
assessment-county    | GET  | year              | *                                       | STANDING_TO_NOBODY |
assessment-rules     | GET  | year              | *                                       | STANDING_TO_NOBODY |
assessment-unit      | GET  | ours.unit         | BUREAU auditor leader town head         | STANDING_TO_NOBODY | *
assessment-unit      | GET  | theirs.unit       | BUREAU auditor leader town2             | STANDING_TO_NOBODY | *
assessment-unit      | GET  | foreign.unit      | foreign_bureau foreign_town             | STANDING_TO_NOBODY | *
assessment-export    | GET  | year              | BUREAU foreign_bureau auditor leader    | *          |
assessment-counted   | GET  | year              | BUREAU foreign_bureau auditor           | *          |
dashboard-now        | GET  | -                 | BUREAU foreign_bureau auditor leader    | *          |
dashboard            | GET  | year              | BUREAU foreign_bureau auditor leader    | *          |

network              | GET  | -                 | *                                       | operator homeless |
network-shortfalls   | GET  | -                 | *                                       | operator homeless |
network-place        | GET  | ours.place        | *                                       | operator homeless | foreign_bureau foreign_town
network-place        | GET  | theirs.place      | *                                       | operator homeless | foreign_bureau foreign_town
network-place        | GET  | foreign.place     | foreign_bureau foreign_town             | operator homeless | *
network-institution  | GET  | ours.institution  | *                                       | operator homeless | foreign_bureau foreign_town
network-institution  | GET  | theirs.institution | *                                      | operator homeless | foreign_bureau foreign_town
network-institution  | GET  | foreign.institution | foreign_bureau foreign_town           | operator homeless | *
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

admin:index          | GET  | -                 | BUREAU foreign_bureau centre auditor operator | *    |
admin:login          | GET  | -                 | *                                       |            |
admin:jsi18n         | GET  | -                 | BUREAU foreign_bureau centre auditor operator | *    |
admin:autocomplete   | GET  | -                 |                                         | *          |
admin:app_list       | GET  | app               | BUREAU foreign_bureau centre auditor operator | *    |
admin:networks_user_reset | GET  | ours.account    | BUREAU operator                    | *          | foreign_bureau
admin:networks_user_reset | POST | ours.account    | BUREAU operator                    | *          | foreign_bureau
admin:networks_user_reset | POST | foreign.account | foreign_bureau operator            | *          | BUREAU
admin:networks_user_reset | POST | bureau.account  | bureau2 director                   | *          | foreign_bureau
"""

# Screens of the admin: who sees the list and a row of ours (another county's row is 404 for them, and ours for the foreign
# bureau), who may change, add and delete. Everybody else gets 403.
ADMIN = """
screen                    | see                             | change          | add             | delete
networks.division         | BUREAU centre auditor           | BUREAU centre   |                 |
networks.countysettings   | BUREAU auditor                  | BUREAU          |                 |
networks.institution      | BUREAU centre auditor           | BUREAU centre   | BUREAU centre   |
networks.memberunit       | BUREAU auditor                  | BUREAU          | BUREAU          |
networks.affiliatedbody   | BUREAU auditor                  | BUREAU          | BUREAU          |
networks.person           | BUREAU auditor operator         | BUREAU operator | BUREAU operator | BUREAU operator
networks.user             | BUREAU auditor operator         | BUREAU operator | BUREAU operator |
networks.auditevent       | auditor                         |                 |                 |
trainings.theme           | BUREAU auditor                  | BUREAU          | BUREAU          |
trainings.programme       | BUREAU auditor                  | BUREAU          | BUREAU          |
trainings.project         | BUREAU auditor                  | BUREAU          | BUREAU          |
trainings.language        | BUREAU auditor                  | BUREAU          | BUREAU          |
trainings.deliveryform    | BUREAU auditor                  | BUREAU          | BUREAU          |
trainings.audience        | BUREAU auditor                  | BUREAU          | BUREAU          |
trainings.trainingsession | BUREAU centre auditor           |                 |                 |
trainings.importbatch     | BUREAU centre? auditor          |                 |                 |
reporting.assessmentyear  | BUREAU auditor                  | BUREAU          | BUREAU          |
reporting.quotaadjustment | BUREAU auditor                  | BUREAU          | BUREAU          | BUREAU
"""
