"""个人信息处理告知: who handles what personal data, why and how long (个人信息保护法 第十七条). The bureau fills it in and
publishes it; everybody may read it."""

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from ..access import Action, require
from ..forms import VersionedForm
from ..models import CountySettings
from ..names import clean_lines
from .keeping import keep

# What only the county knows stands in 【】; a notice with any of it left is not published.
PROPOSED = """一、谁在处理
{county}社区教育管理平台由【主办单位全称】建设和管理，地址：【地址】。负责个人信息保护的科室：【科室】，联系电话：【电话】。

二、为什么处理、处理哪些信息
1. 工作人员账号：姓名、职务、办公电话，用于登记、审核培训和工作联络。
2. 培训签到：姓名、性别、年龄段、所在村（社区），必要时留手机号后四位，用于核对参加培训的人次。不收集身份证号码。
3. 网上报名：姓名、手机号后四位、人数，用于安排座位；取消报名凭本人手里的链接，不用登录。
4. 培训照片、签到表等佐证材料，用于核定场次和人次，不对外公开。
依据：《中华人民共和国个人信息保护法》第十三条第一款第三项（履行法定职责所必需）。

三、未成年人和特殊群体
不为未成年人建立签到名册，也不收签到表；只报人次的群体不收名册、照片和签到表。

四、保存多久
签到名册、网上报名和未成年人场次的照片在考核年度定案后【12】个月（一直没有定案的，从次年年底起算）删除，人次数字长期保存；账号停用后，操作日志保存不少于六个月。

五、交给谁
不向其他单位和个人提供，不向境外提供；依法应当提供的除外。

六、您的权利
您可以向上述科室要求查阅、复制、更正、删除自己的信息，或撤回同意；对答复不满意的，可以向【投诉受理部门及电话】反映。
"""


class PrivacyForm(VersionedForm):
    published = forms.BooleanField(
        label="对外公布", required=False, help_text="公布以后，每一页的页脚有链接，不用登录就能看"
    )

    class Meta:
        model = CountySettings
        fields = ["privacy_notice"]
        widgets = {"privacy_notice": forms.Textarea(attrs={"rows": 24})}
        help_texts = {"privacy_notice": "已给出参考文本，请把【】里的内容填成本县的；没有填完不能公布"}

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.privacy_notice:
            self.initial["privacy_notice"] = PROPOSED.format(county=self.instance.county)
        self.initial["published"] = self.instance.privacy_published_on is not None

    def clean(self) -> dict:
        data = super().clean()
        text = data["privacy_notice"] = clean_lines(data.get("privacy_notice") or "")
        if data.get("published") and not text:
            raise ValidationError({"privacy_notice": "要公布，请先写好告知的内容"})
        if data.get("published") and ("【" in text or "】" in text):
            raise ValidationError({"privacy_notice": "还有【】没有填：请改成本县的内容，再公布"})
        return data

    def save(self, commit: bool = True) -> CountySettings:
        """The day of publication is the day of the newest text that was published."""
        if not self.cleaned_data["published"]:
            self.instance.privacy_published_on = None
        elif self.instance.privacy_published_on is None or "privacy_notice" in self.changed_data:
            self.instance.privacy_published_on = timezone.localdate()
        return super().save(commit)


@require(Action.MANAGE_YEARS)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest) -> HttpResponse:
    settings = get_object_or_404(CountySettings.objects.kept_by(request.user).select_related("county"))
    return keep(
        request,
        PrivacyForm(request.POST or None, instance=settings),
        action="修改个人信息处理告知",
        title="个人信息处理告知",
        lead="告诉居民和工作人员：谁在处理他们的信息、为什么、留多久、有什么权利。",
        back=reverse("setup"),
    )


@login_not_required
@require_GET
def privacy(request: HttpRequest, county: int | None = None) -> HttpResponse:
    """The county's notice: of the one asked for, the reader's own, the only one; of several a list."""
    published = list(
        CountySettings.objects.exclude(privacy_published_on=None).select_related("county").order_by("county")
    )
    own = str(county) if county else getattr(request.user, "county_code", "")
    chosen = [row for row in published if row.pk == own]
    if not published or (county and not chosen):
        raise Http404("还没有公布个人信息处理告知")
    notice = chosen[0] if chosen else published[0] if len(published) == 1 else None
    context = {"notice": notice, "published": published}
    return render(request, "networks/privacy.html", context)
