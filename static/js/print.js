// The print button: shown only where a script runs; inside WeChat, where printing does not work, its note stands out.
(function () {
  "use strict";
  var inWeChat = /MicroMessenger/i.test(navigator.userAgent);
  document.querySelectorAll("[data-print]").forEach(function (button) {
    if (inWeChat) {
      return;
    }
    button.hidden = false;
    button.addEventListener("click", function () {
      window.print();
    });
  });
  if (inWeChat) {
    document.querySelectorAll("[data-wechat-note]").forEach(function (note) {
      note.classList.add("fw-bold");
    });
  }
})();
