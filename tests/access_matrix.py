"""AC-1: who may open what. The one table that tests/test_access_matrix.py compares every address of the site with.

A line says, for one address, one kind of request and one sample: who gets it (ok), who may see such things but not this act or
page (403), and for whom the thing does not exist (404). `*` is everybody not named on the line. Whoever has not signed in is
sent to the sign-in page everywhere, but for the PUBLIC addresses. Samples are `whose.state`: ours belongs to 白山镇, theirs to
古零镇 in the same county, foreign to another county; `-` is an address without an object. The pages of
`networks` stand in access_networks.py, those of 催报 in access_prompting.py, the others of the apps built upon it here.
"""

from .access_forms import FORM_PAGES
from .access_networks import NETWORK_PAGES
from .access_prompting import PROMPTING_PAGES

GROUPS = {
    "BUREAU": "bureau bureau2 director",
    "NO_RECORDS": "leader operator homeless",  # see no session at all
    "STANDING_TO_NOBODY": "centre operator homeless",
    "FOREIGN": "foreign_bureau foreign_town",
    "NO_NETWORK": "operator homeless",  # see no registry
    "NO_MATERIALS": "centre leader operator homeless",  # see no papers that units hand in
    "READERS": "leader auditor operator head unit_head homeless",  # enter and import nothing
}

# The privacy notice is for residents, who have no account; a county that has published none has no page.
PUBLIC = {"login", "login-code", "demo-login", "healthz", "admin:login", "privacy", "privacy-county", "set-password"}
# For residents, who have no account (二(三)2, 三(七)): what an officer has ticked 公开, a sign-up by its unguessable link, courses
# and stories that an office has let through, with the files and pictures opened for them, and places that are open.
PUBLIC |= {"learn", "learn-calendar", "learn-session", "learn-sign-up", "learn-signed-up", "learn-map"}
PUBLIC |= {"learn-courses", "learn-course", "learn-material", "learn-stories", "learn-story", "learn-picture"}
# 随手报: a teaching point's coordinator has no account; the unguessable, revocable link is the right (domain.md, Roles).
PUBLIC |= {"point"}
# Sign-in by QR: residents at the door have no account; the page shows a session's title, time and place, as its poster does.
PUBLIC |= {"scan", "scan-feedback"}
# A resident's learning record: the unguessable code on their sign-ins is the right; it is posted, and tries are limited.
PUBLIC |= {"learning-record"}

PAGES = (
    NETWORK_PAGES
    + FORM_PAGES
    + PROMPTING_PAGES
    + """
log-seen             | GET  | -                 | auditor                                 | *          |
log-seen-export      | GET  | -                 | auditor                                 | *          |
log-kinds            | GET  | -                 | auditor                                 | *          |
minors-audit         | GET  | year              | auditor                                 | *          |
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
session-announce     | GET  | ours.planned      | town                                    | READERS BUREAU | *
session-announce     | POST | ours.planned      | town                                    | READERS BUREAU | *
session-announce     | GET  | ours.behalf       | town BUREAU                             | READERS    | *
session-announce     | POST | foreign.planned   | foreign_town                            | READERS foreign_bureau | *
session-sign-ups     | GET  | ours.planned      | BUREAU auditor town head                | NO_RECORDS | *
session-sign-ups     | GET  | foreign.planned   | foreign_bureau foreign_town             | NO_RECORDS | *
session-sign-ups     | POST | ours.planned      | town                                    | NO_RECORDS BUREAU auditor head | *
session-sign-ups     | POST | foreign.planned   | foreign_town                            | NO_RECORDS foreign_bureau | *
session-sign-up-cancel | POST | ours.sign-up    | town                                    | READERS BUREAU | *
session-sign-up-cancel | POST | mixed.sign-up   |                                         | READERS BUREAU | *
session-sign-ups-clear | GET  | ours.public     | town                                    | READERS BUREAU | *
session-sign-ups-clear | POST | ours.public     | town                                    | READERS BUREAU | *
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

session-scan         | GET  | ours.scanned      | town                                    | READERS BUREAU foreign_bureau | *
session-scan         | POST | ours.scanned      | town                                    | READERS BUREAU foreign_bureau | *
session-scan         | GET  | theirs.submitted  | town2                                   | READERS BUREAU foreign_bureau centre | *
scan-poster          | GET  | ours.scanned      | town                                    | READERS BUREAU foreign_bureau | *
scan-count           | GET  | ours.scanned      | town                                    | READERS BUREAU foreign_bureau | *
scan-close           | POST | ours.scanned      | town                                    | READERS BUREAU foreign_bureau | *
scan                 | GET  | ours.scan         | *                                       |            |
scan                 | GET  | no.scan           |                                         |            | *
scan                 | POST | ours.scan         | *                                       |            |
scan                 | POST | no.scan           |                                         |            | *
scan-feedback        | POST | ours.said         | *                                       |            |
scan-feedback        | POST | no.scan           |                                         |            | *
session-feedback     | GET  | ours.scanned      | BUREAU auditor town head                | NO_RECORDS | *
session-feedback     | GET  | theirs.submitted  | BUREAU auditor centre town2             | NO_RECORDS | *
feedback-paper       | GET  | ours.verified     | town                                    | READERS BUREAU centre | *
feedback-paper       | POST | ours.verified     | town                                    | READERS BUREAU centre | *
feedback-paper       | POST | foreign.verified  | foreign_town                            | READERS foreign_bureau | *
feedback-answer      | GET  | ours.wish         | BUREAU town                             | READERS    | *
feedback-answer      | POST | ours.wish         | BUREAU town                             | READERS    | *
learning-record      | GET  | -                 | *                                       |            |
learning-record      | POST | -                 | *                                       |            |
feedback-list        | GET  | -                 | *                                       | NO_RECORDS |
session-roster       | GET  | ours.draft        | BUREAU auditor town head                | NO_RECORDS | *
session-roster       | GET  | ours.submitted    | BUREAU auditor town head                | NO_RECORDS centre | *
session-roster       | GET  | theirs.submitted  | BUREAU auditor town2                    | NO_RECORDS centre | *
session-roster       | GET  | ours.joint        | BUREAU auditor town head                | NO_RECORDS centre unit unit_head | *
session-roster       | GET  | foreign.submitted | foreign_bureau foreign_town             | NO_RECORDS | *
roster-names         | POST | ours.draft        | BUREAU town                             | READERS    | *
roster-names         | POST | ours.joint        | BUREAU town                             | READERS centre unit | *
roster-names         | POST | foreign.draft     | foreign_bureau foreign_town             | READERS    | *
roster-export        | GET  | ours.draft        | BUREAU town                             | READERS    | *
roster-export        | POST | ours.draft        | BUREAU town                             | READERS    | *
roster-export        | POST | ours.joint        | BUREAU town                             | READERS centre unit | *
roster-export        | POST | foreign.draft     | foreign_bureau foreign_town             | READERS    | *
roster-check         | POST | ours.draft        | town                                    | READERS BUREAU | *
roster-check         | POST | ours.joint        | town                                    | READERS BUREAU centre unit | *
roster-check         | POST | foreign.draft     | foreign_town                            | READERS foreign_bureau | *
roster-save          | POST | ours.draft        | town                                    | READERS BUREAU | *
roster-save          | POST | foreign.draft     | foreign_town                            | READERS foreign_bureau | *
roster-remove        | GET  | ours.line         | town                                    | READERS BUREAU | *
roster-remove        | POST | ours.line         | town                                    | READERS BUREAU | *
roster-remove        | POST | mixed.line        |                                         | READERS BUREAU | *
roster-remove        | POST | foreign.line      | foreign_town                            | READERS foreign_bureau | *
roster-remove-scanned | GET | ours.scanned      | town                                    | READERS BUREAU | *
roster-remove-scanned | POST | ours.scanned     | town                                    | READERS BUREAU | *
roster-terms         | GET  | -                 | BUREAU foreign_bureau auditor           | *          |
roster-hold          | POST | -                 | BUREAU foreign_bureau                   | *          |
roster-hold-lift     | POST | ours.hold         | BUREAU                                  | *          | foreign_bureau
roster-hold-lift     | POST | foreign.hold      | foreign_bureau                          | *          | BUREAU

calendar             | GET  | -                 | *                                       | NO_RECORDS |
class-list           | GET  | -                 | *                                       | NO_RECORDS |
class                | GET  | ours.class        | BUREAU auditor town head                | NO_RECORDS | *
class                | GET  | theirs.class      | BUREAU auditor town2                    | NO_RECORDS | *
class                | GET  | foreign.class     | foreign_bureau foreign_town             | NO_RECORDS | *
class-paper          | GET  | ours.class        | BUREAU auditor town head                | NO_RECORDS | *
class-paper          | GET  | foreign.class     | foreign_bureau foreign_town             | NO_RECORDS | *
class-new            | GET  | -                 | town town2 unit unit2 centre foreign_town | *        |
class-new            | POST | -                 | town town2 unit unit2 centre foreign_town | *        |
class-edit           | GET  | ours.class        | town                                    | READERS BUREAU foreign_bureau | *
class-edit           | POST | ours.class        | town                                    | READERS BUREAU foreign_bureau | *
class-edit           | POST | foreign.class     | foreign_town                            | READERS BUREAU foreign_bureau | *
class-postpone       | GET  | ours.class        | town                                    | READERS BUREAU foreign_bureau | *
class-postpone       | POST | ours.class        | town                                    | READERS BUREAU foreign_bureau | *
class-postpone       | POST | foreign.class     | foreign_town                            | READERS BUREAU foreign_bureau | *
class-cancel         | GET  | ours.class        | town                                    | READERS BUREAU foreign_bureau | *
class-cancel         | POST | ours.class        | town                                    | READERS BUREAU foreign_bureau | *
class-cancel         | POST | foreign.class     | foreign_town                            | READERS BUREAU foreign_bureau | *
session-postpone     | GET  | ours.planned      | town                                    | READERS BUREAU | *
session-postpone     | POST | ours.planned      | town                                    | READERS BUREAU | *
session-postpone     | POST | foreign.planned   | foreign_town                            | READERS foreign_bureau | *
plans-now            | GET  | -                 | *                                       | STANDING_TO_NOBODY |
plans                | GET  | year              | *                                       | STANDING_TO_NOBODY |
plan-unit            | GET  | ours.unit         | BUREAU auditor leader town head         | STANDING_TO_NOBODY | *
plan-unit            | GET  | theirs.unit       | BUREAU auditor leader town2             | STANDING_TO_NOBODY | *
plan-unit            | GET  | foreign.unit      | foreign_bureau foreign_town             | STANDING_TO_NOBODY | *
plan-edit            | GET  | ours.unit         | BUREAU town                             | auditor leader head unit_head STANDING_TO_NOBODY | *
plan-edit            | POST | ours.unit         | BUREAU town                             | auditor leader head unit_head STANDING_TO_NOBODY | *
plan-edit            | POST | foreign.unit      | foreign_bureau foreign_town             | auditor leader head unit_head STANDING_TO_NOBODY | *

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
review-hint          | POST | ours.submitted    | BUREAU                                  | *          | foreign_bureau
review-hint          | POST | foreign.submitted | foreign_bureau                          | *          | BUREAU
call-samples         | GET  | -                 | BUREAU foreign_bureau auditor           | *          |
call-samples         | POST | -                 | BUREAU foreign_bureau                   | *          |
call-sample          | GET  | ours.draw         | BUREAU auditor                          | *          | foreign_bureau
call-sample          | GET  | foreign.draw      | foreign_bureau                          | *          | BUREAU auditor
call-sample-print    | GET  | ours.draw         | BUREAU auditor                          | *          | foreign_bureau
call-sample-print    | GET  | foreign.draw      | foreign_bureau                          | *          | BUREAU auditor
call                 | GET  | ours.call         | BUREAU                                  | *          | foreign_bureau
call                 | POST | ours.call         | BUREAU                                  | *          | foreign_bureau
call                 | POST | foreign.call      | foreign_bureau                          | *          | BUREAU
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

week-digest          | GET  | -                 | *                                       | READERS    |
entry-effort         | GET  | -                 | BUREAU foreign_bureau                   | *          |
session-grid         | GET  | -                 | *                                       | READERS    |
session-grid         | POST | -                 | *                                       | READERS    |
session-photos       | GET  | -                 | *                                       | READERS    |
session-photos       | POST | -                 | *                                       | READERS    |
column-names         | GET  | -                 | *                                       | READERS    |
column-names         | POST | -                 |                                         | READERS    | *
import-columns       | POST | ours.rehearsed    | town                                    | READERS BUREAU | *
import-columns       | POST | foreign.rehearsed | foreign_town                            | READERS foreign_bureau | *
session-message      | GET  | -                 | *                                       | READERS    |
session-message      | POST | -                 | *                                       | READERS    |
point-link           | GET  | ours.point        | BUREAU town centre                      | *          | FOREIGN
point-link           | GET  | theirs.point      | BUREAU town2 centre                     | *          | FOREIGN
point-link           | POST | ours.point        | town                                    | *          | foreign_bureau foreign_town
point-link           | POST | theirs.point      | town2                                   | *          | foreign_bureau foreign_town
point-link-revoke    | POST | ours.point        | BUREAU town centre                      | *          | foreign_bureau foreign_town
point-link-revoke    | POST | theirs.point      | BUREAU town2 centre                     | *          | foreign_bureau foreign_town
point                | GET  | ours.pointlink    | *                                       |            |
point                | GET  | no.link           |                                         |            | *
point                | POST | ours.pointlink    | *                                       |            |
point                | POST | no.link           |                                         |            | *

setup                | GET  | -                 | BUREAU foreign_bureau                   | *          |

desk                 | GET  | -                 | *                                       |            |
assessment-now       | GET  | -                 | *                                       | STANDING_TO_NOBODY |
assessment-county    | GET  | year              | *                                       | STANDING_TO_NOBODY |
assessment-rules     | GET  | year              | *                                       | STANDING_TO_NOBODY |
assessment-unit      | GET  | ours.unit         | BUREAU auditor leader town head         | STANDING_TO_NOBODY | *
assessment-unit      | GET  | theirs.unit       | BUREAU auditor leader town2             | STANDING_TO_NOBODY | *
assessment-unit      | GET  | foreign.unit      | foreign_bureau foreign_town             | STANDING_TO_NOBODY | *
assessment-export    | GET  | year              | BUREAU foreign_bureau auditor leader    | *          |
assessment-counted   | GET  | year              | BUREAU foreign_bureau auditor           | *          |
year-close           | GET  | year              | BUREAU foreign_bureau auditor           | *          |
year-propose         | GET  | year              | BUREAU foreign_bureau                   | *          |
year-propose         | POST | year              | BUREAU foreign_bureau                   | *          |
year-decide          | GET  | year              | BUREAU foreign_bureau                   | *          |
year-decide          | POST | year              | BUREAU foreign_bureau                   | *          |
bulletins            | GET  | -                 | *                                       | STANDING_TO_NOBODY |
bulletin-begin       | POST | settled.year      | BUREAU                                  | *          | foreign_bureau
bulletin             | GET  | draft.bulletin    | BUREAU                                  | STANDING_TO_NOBODY | *
bulletin             | GET  | issued.bulletin   | *                                       | STANDING_TO_NOBODY | FOREIGN
bulletin-word        | GET  | draft.bulletin    | BUREAU                                  | STANDING_TO_NOBODY | *
bulletin-word        | GET  | issued.bulletin   | *                                       | STANDING_TO_NOBODY | FOREIGN
bulletin-edit        | GET  | draft.bulletin    | BUREAU                                  | *          | foreign_bureau
bulletin-edit        | POST | draft.bulletin    | BUREAU                                  | *          | foreign_bureau
bulletin-follow      | POST | old.bulletin      | BUREAU                                  | *          | foreign_bureau
bulletin-issue       | GET  | draft.bulletin    | BUREAU                                  | *          | foreign_bureau
bulletin-issue       | POST | draft.bulletin    | BUREAU                                  | *          | foreign_bureau
year-annex           | GET  | settled           | BUREAU auditor                          | *          | foreign_bureau
confirmations-now    | GET  | previewed.year    | BUREAU auditor town town2 head unit unit2 unit_head | centre leader operator homeless | *
confirmations        | GET  | previewed.quarter | BUREAU auditor town town2 head unit unit2 unit_head | centre leader operator homeless | *
confirmation-print   | GET  | previewed.quarter | BUREAU auditor town town2 head unit unit_head | centre leader operator homeless | *
confirmation         | GET  | ours.confirmation_of | BUREAU auditor town head                | centre leader operator homeless | *
confirmation         | GET  | theirs.confirmation_of | BUREAU auditor town2                    | centre leader operator homeless | *
confirmation         | POST | ours.confirmation_of | BUREAU town                             | centre leader operator homeless auditor head | *
confirmation-scan    | GET  | ours.confirmation | BUREAU auditor town head                | centre leader operator homeless | *
confirmation-scan    | GET  | theirs.confirmation | BUREAU auditor town2                    | centre leader operator homeless | *
confirmation-scan    | GET  | foreign.confirmation | FOREIGN                                 | centre leader operator homeless | *
objections           | GET  | previewed.year    | BUREAU auditor town town2 head unit unit2 unit_head | centre leader operator homeless | *
objection-new        | GET  | previewed.year    | town town2 unit unit2                   | *          | foreign_town
objection-new        | POST | previewed.year    | town town2 unit unit2                   | *          | foreign_town
objection            | GET  | ours.objection    | BUREAU auditor town head                | centre leader operator homeless | *
objection            | GET  | theirs.objection  | BUREAU auditor town2                    | centre leader operator homeless | *
objection            | POST | ours.objection    | BUREAU town                             | centre leader operator homeless auditor head | *
objection-file       | GET  | ours.objection_file | BUREAU auditor town head                | centre leader operator homeless | *
year-preview         | GET  | settled.year      | BUREAU                                  | *          | foreign_bureau
year-preview         | POST | settled.year      | BUREAU                                  | *          | foreign_bureau
year-publish         | GET  | previewed.year    | BUREAU                                  | *          | foreign_bureau
year-publish         | POST | previewed.year    | BUREAU                                  | *          | foreign_bureau
published            | GET  | previewed.year    | BUREAU auditor leader town town2 head unit unit2 unit_head | STANDING_TO_NOBODY | FOREIGN
sign-offs            | GET  | settled.act       | BUREAU auditor                          | *          | foreign_bureau
sign-offs            | POST | settled.act       | BUREAU                                  | *          | foreign_bureau
sign-off-scan        | GET  | ours.sign_off     | BUREAU auditor                          | *          | foreign_bureau
sign-off-cancel      | GET  | ours.sign_off     | BUREAU                                  | *          | foreign_bureau
sign-off-cancel      | POST | ours.sign_off     | BUREAU                                  | *          | foreign_bureau
dashboard-now        | GET  | -                 | BUREAU foreign_bureau auditor leader    | *          |
dashboard            | GET  | year              | BUREAU foreign_bureau auditor leader    | *          |
dashboard-speech     | GET  | year              | BUREAU foreign_bureau auditor leader    | *          |
dashboard-picture    | GET  | year              | BUREAU foreign_bureau auditor leader    | *          |
statistics           | GET  | -                 | *                                       | STANDING_TO_NOBODY |
statistics-rows      | GET  | -                 | *                                       | STANDING_TO_NOBODY leader |
statistics-export    | GET  | -                 | *                                       | STANDING_TO_NOBODY |
how                  | GET  | -                 | *                                       | operator homeless |

contacts-export      | GET  | -                 | BUREAU foreign_bureau centre            | *          |
contacts-export      | POST | -                 | BUREAU foreign_bureau centre            | *          |

communities          | GET  | -                 | *                                       | NO_NETWORK |
community            | GET  | ours.community    | *                                       | NO_NETWORK | FOREIGN
community            | GET  | theirs.community  | *                                       | NO_NETWORK | FOREIGN
community            | GET  | foreign.community | FOREIGN                                 | NO_NETWORK | *
resource-project     | GET  | ours.project      | *                                       | NO_NETWORK | FOREIGN
resource-project     | GET  | foreign.project   | FOREIGN                                 | NO_NETWORK | *

funds                | GET  | -                 | *                                       | STANDING_TO_NOBODY |
plan                 | GET  | -                 | *                                       | NO_NETWORK |
plan-matrix          | GET  | -                 | BUREAU foreign_bureau leader auditor    | *          |
plan-matrix-paper    | GET  | -                 | BUREAU foreign_bureau leader auditor    | *          |
plan-matrix-export   | GET  | -                 | BUREAU foreign_bureau leader auditor    | *          |
plan-reports         | GET  | -                 | *                                       | STANDING_TO_NOBODY |
plan-reports-export  | GET  | -                 | *                                       | STANDING_TO_NOBODY |
plan-report          | GET  | ours.report       | BUREAU auditor leader town head         | STANDING_TO_NOBODY | *
plan-report          | GET  | theirs.report     | BUREAU auditor leader town2             | STANDING_TO_NOBODY | *
plan-report          | GET  | foreign.report    | foreign_bureau foreign_town             | STANDING_TO_NOBODY | *
plan-report-file     | GET  | ours.report_file  | BUREAU auditor leader town head         | STANDING_TO_NOBODY | *
plan-report-file     | GET  | foreign.report_file | foreign_bureau foreign_town           | STANDING_TO_NOBODY | *
plan-report-file     | GET  | mixed.report_file |                                         | STANDING_TO_NOBODY | *
plan-report-add      | POST | ours.report       | town BUREAU                             | READERS centre | *
plan-report-add      | POST | foreign.report    | foreign_town foreign_bureau             | READERS centre | *
plan-report-withdraw | GET  | ours.report       | town BUREAU                             | READERS centre | *
plan-report-withdraw | POST | ours.report       | town BUREAU                             | READERS centre | *
plan-report-withdraw | POST | theirs.report     | town2 BUREAU                            | READERS centre | *
plan-task            | GET  | ours.task         | *                                       | NO_NETWORK | FOREIGN
plan-task            | GET  | foreign.task      | FOREIGN                                 | NO_NETWORK | *
plan-report-new      | GET  | ours.report_new   | town BUREAU                             | *          | FOREIGN
plan-report-new      | POST | ours.report_new   | town BUREAU                             | *          | FOREIGN
plan-report-new      | POST | theirs.report_new | town2 BUREAU                            | *          | FOREIGN
plan-report-new      | POST | foreign.report_new | FOREIGN                                | READERS centre | *
plan-goals           | GET  | ours.task_year    | BUREAU                                  | *          | foreign_bureau
plan-goals           | POST | ours.task_year    | BUREAU                                  | *          | foreign_bureau
plan-judge           | GET  | ours.task_year    | BUREAU                                  | *          | foreign_bureau
plan-judge           | POST | ours.task_year    | BUREAU                                  | *          | foreign_bureau
plan-judge           | POST | foreign.task_year | foreign_bureau                          | *          | BUREAU
plan-year-turn       | GET  | ours.plan_year    | BUREAU                                  | *          | foreign_bureau
plan-year-turn       | POST | ours.plan_year    | BUREAU                                  | *          | foreign_bureau
plan-list            | GET  | -                 | BUREAU foreign_bureau                   | *          |
plan-new             | GET  | -                 | BUREAU foreign_bureau                   | *          |
plan-new             | POST | -                 | BUREAU foreign_bureau                   | *          |
plan-detail          | GET  | ours.plan         | BUREAU                                  | *          | foreign_bureau
plan-edit-document   | GET  | ours.plan         | BUREAU                                  | *          | foreign_bureau
plan-edit-document   | POST | ours.plan         | BUREAU                                  | *          | foreign_bureau
plan-task-new        | GET  | ours.plan         | BUREAU                                  | *          | foreign_bureau
plan-task-new        | POST | ours.plan         | BUREAU                                  | *          | foreign_bureau
plan-task-edit       | GET  | ours.task         | BUREAU                                  | *          | foreign_bureau
plan-task-edit       | POST | ours.task         | BUREAU                                  | *          | foreign_bureau
plan-withdraw        | GET  | ours.plan         | BUREAU                                  | *          | foreign_bureau
plan-withdraw        | POST | ours.plan         | BUREAU                                  | *          | foreign_bureau
plan-task-withdraw   | GET  | ours.task         | BUREAU                                  | *          | foreign_bureau
plan-task-withdraw   | POST | ours.task         | BUREAU                                  | *          | foreign_bureau
plan-task-withdraw   | POST | foreign.task      | foreign_bureau                          | *          | BUREAU
plan-tasks-upload    | GET  | ours.plan         | BUREAU                                  | *          | foreign_bureau
plan-tasks-upload    | POST | ours.plan         | BUREAU                                  | *          | foreign_bureau
plan-tasks-export    | GET  | ours.plan         | BUREAU                                  | *          | foreign_bureau

zones                | GET  | -                 | *                                       | operator homeless |
zone-new             | GET  | -                 | BUREAU foreign_bureau                   | *          |
zone-new             | POST | -                 | BUREAU foreign_bureau                   | *          |
zone-edit            | GET  | ours.zone         | BUREAU                                  | *          | foreign_bureau
zone-edit            | POST | ours.zone         | BUREAU                                  | *          | foreign_bureau
zone-edit            | POST | foreign.zone      | foreign_bureau                          | *          | BUREAU
zone-check           | GET  | ours.check        | BUREAU auditor centre leader town town2 head unit unit2 unit_head | operator homeless | *
zone-check           | GET  | foreign.check     | foreign_bureau foreign_town             | operator homeless | *
zone-check-print     | GET  | ours.check        | BUREAU auditor centre leader town town2 head unit unit2 unit_head | operator homeless | *
zone-check-print     | GET  | foreign.check     | foreign_bureau foreign_town             | operator homeless | *
zone-check-edit      | GET  | ours.check        | BUREAU town                             | READERS centre town2 unit unit2 | *
zone-check-edit      | POST | ours.check        | BUREAU town                             | READERS centre town2 unit unit2 | *
zone-check-edit      | POST | theirs.check      | BUREAU town2                            | READERS centre town unit unit2 | *
zone-check-edit      | POST | foreign.check     | foreign_bureau foreign_town             | READERS centre | *
references           | GET  | -                 | *                                       | operator homeless |
reference-threshold  | GET  | threshold         | BUREAU foreign_bureau                   | *          |
reference-threshold  | POST | threshold         | BUREAU foreign_bureau                   | *          |

network              | GET  | -                 | *                                       | operator homeless |
network-shortfalls   | GET  | -                 | *                                       | operator homeless |
network-place        | GET  | ours.place        | *                                       | operator homeless | foreign_bureau foreign_town
network-place        | GET  | theirs.place      | *                                       | operator homeless | foreign_bureau foreign_town
network-place        | GET  | foreign.place     | foreign_bureau foreign_town             | operator homeless | *
network-institution  | GET  | ours.institution  | *                                       | operator homeless | foreign_bureau foreign_town
network-institution  | GET  | theirs.institution | *                                      | operator homeless | foreign_bureau foreign_town
network-institution  | GET  | foreign.institution | foreign_bureau foreign_town           | operator homeless | *

learn                | GET  | -                 | *                                       |            |
learn-calendar       | GET  | -                 | *                                       |            |
learn-session        | GET  | ours.told         | *                                       |            |
learn-session        | GET  | hidden.told       |                                         |            | *
learn-sign-up        | GET  | ours.told         | *                                       |            |
learn-sign-up        | POST | ours.told         | *                                       |            |
learn-sign-up        | POST | hidden.told       |                                         |            | *
learn-signed-up      | GET  | ours.signed       | *                                       |            |
learn-signed-up      | POST | ours.signed       | *                                       |            |
learn-signed-up      | GET  | no.link           |                                         |            | *
learn-signed-up      | POST | no.link           |                                         |            | *
learn-map            | GET  | -                 | *                                       |            |
learn-courses        | GET  | -                 | *                                       |            |
learn-course         | GET  | open.course       | *                                       |            |
learn-course         | GET  | draft.course      |                                         |            | *
learn-material       | GET  | open.material     | *                                       |            |
learn-material       | GET  | closed.material   |                                         |            | *
learn-stories        | GET  | -                 | *                                       |            |
learn-story          | GET  | open.story        | *                                       |            |
learn-story          | GET  | draft.story       |                                         |            | *
learn-picture        | GET  | open.story        | *                                       |            |
learn-picture        | GET  | draft.story       |                                         |            | *

admin:index          | GET  | -                 | BUREAU foreign_bureau centre auditor operator | *    |
admin:login          | GET  | -                 | *                                       |            |
admin:jsi18n         | GET  | -                 | BUREAU foreign_bureau centre auditor operator | *    |
admin:autocomplete   | GET  | -                 |                                         | *          |
admin:app_list       | GET  | app               | BUREAU foreign_bureau centre auditor operator | *    |

course-list          | GET  | -                 | *                                       | NO_NETWORK |
course               | GET  | ours.course_draft | BUREAU centre town head                 | NO_NETWORK | *
course               | GET  | ours.course_public | *                                       | NO_NETWORK | FOREIGN
course               | GET  | theirs.course_public | *                                       | NO_NETWORK | FOREIGN
course               | GET  | theirs.course_proposed | BUREAU centre town2                     | NO_NETWORK | *
course               | GET  | foreign.course_public | FOREIGN                                 | NO_NETWORK | *
course-new           | GET  | -                 | *                                       | READERS    |
course-new           | POST | -                 | *                                       | READERS    |
course-edit          | GET  | ours.course_draft | BUREAU centre town                      | READERS    | *
course-edit          | GET  | theirs.course_draft | BUREAU centre town2                     | READERS    | *
course-edit          | POST | ours.course_draft | BUREAU centre town                      | READERS    | *
course-edit          | POST | theirs.course_draft | BUREAU centre town2                     | READERS    | *
course-edit          | POST | theirs.course_public | BUREAU centre town2                     | READERS town unit unit2 | *
course-edit          | POST | foreign.course_draft | FOREIGN                                 | READERS    | *
course-propose       | POST | ours.course_draft | BUREAU centre town                      | READERS    | *
course-propose       | POST | ours.course_public | BUREAU centre town                      | READERS town2 unit unit2 | *
course-propose       | POST | theirs.course_draft | BUREAU centre town2                     | READERS    | *
course-propose       | POST | foreign.course_draft | FOREIGN                                 | READERS    | *
course-decide        | GET  | ours.course_proposed | BUREAU centre                           | *          | foreign_bureau
course-decide        | POST | ours.course_proposed | BUREAU centre                           | *          | foreign_bureau
course-decide        | POST | foreign.course_proposed | foreign_bureau                          | *          | BUREAU centre
course-material-new  | GET  | ours.course_draft | BUREAU centre town                      | READERS    | *
course-material-new  | POST | ours.course_draft | BUREAU centre town                      | READERS    | *
course-material-new  | POST | theirs.course_draft | BUREAU centre town2                     | READERS    | *
course-material-new  | POST | foreign.course_draft | FOREIGN                                 | READERS    | *
course-material      | GET  | ours.material     | BUREAU centre town head                 | NO_NETWORK | *
course-material      | GET  | foreign.material  | FOREIGN                                 | NO_NETWORK | *
course-material-remove | GET  | ours.material     | BUREAU centre town                      | READERS    | *
course-material-remove | POST | ours.material     | BUREAU centre town                      | READERS    | *
course-material-remove | POST | theirs.material   | BUREAU centre town2                     | READERS    | *
course-material-remove | POST | foreign.material  | FOREIGN                                 | READERS    | *
instructors          | GET  | -                 | *                                       | NO_NETWORK |

story-list           | GET  | -                 | *                                       | NO_NETWORK |
story-list           | POST | -                 | *                                       | NO_NETWORK |
story                | GET  | ours.story_draft  | BUREAU town head                        | NO_NETWORK | *
story                | GET  | theirs.story_proposed | BUREAU town2                            | NO_NETWORK | *
story                | GET  | theirs.story_public | *                                       | NO_NETWORK | FOREIGN
story                | GET  | foreign.story_public | FOREIGN                                 | NO_NETWORK | *
story-new            | GET  | -                 | *                                       | READERS centre |
story-new            | POST | -                 | *                                       | READERS centre |
story-edit           | GET  | ours.story_draft  | BUREAU town                             | READERS centre | *
story-edit           | POST | ours.story_draft  | BUREAU town                             | READERS centre | *
story-edit           | POST | theirs.story_draft | BUREAU town2                            | READERS centre | *
story-edit           | POST | theirs.story_public | BUREAU town2                            | READERS centre town unit unit2 | *
story-edit           | POST | foreign.story_draft | FOREIGN                                 | READERS centre | *
story-remove         | GET  | ours.story_draft  | BUREAU town                             | READERS centre | *
story-remove         | POST | ours.story_draft  | BUREAU town                             | READERS centre | *
story-remove         | POST | theirs.story_draft | BUREAU town2                            | READERS centre | *
story-remove         | POST | theirs.story_public | BUREAU town2                            | READERS centre town unit unit2 | *
story-remove         | POST | foreign.story_draft | FOREIGN                                 | READERS centre | *
story-picture        | GET  | ours.story_draft  | BUREAU town head                        | NO_NETWORK | *
story-picture        | GET  | foreign.story_draft | FOREIGN                                 | NO_NETWORK | *
story-sheet          | GET  | ours.story_draft  | BUREAU town head                        | NO_NETWORK | *
story-sheet          | GET  | theirs.story_public | *                                       | NO_NETWORK | FOREIGN
story-sheet          | GET  | foreign.story_public | FOREIGN                                 | NO_NETWORK | *
story-propose        | POST | ours.story_draft  | BUREAU town                             | READERS centre | *
story-propose        | POST | ours.story_public | BUREAU town                             | READERS centre town2 unit unit2 | *
story-propose        | POST | foreign.story_draft | FOREIGN                                 | READERS centre | *
story-decide         | GET  | ours.story_proposed | BUREAU                                  | *          | foreign_bureau
story-decide         | POST | ours.story_proposed | BUREAU                                  | *          | foreign_bureau
story-decide         | POST | foreign.story_proposed | foreign_bureau                          | *          | BUREAU
"""
)

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
