// The queue: one tick for the whole page, and how many are ticked. Without a script everything works but these.
(function () {
  "use strict";
  var all = document.querySelector("[data-tick-all]");
  var button = document.querySelector("[data-verify-ticked]");
  var boxes = Array.prototype.slice.call(document.querySelectorAll("input[name=chosen]"));
  if (!button) {
    return;
  }
  var words = button.textContent;

  function tell() {
    var ticked = boxes.filter(function (box) { return box.checked; }).length;
    button.textContent = ticked ? words.replace("选中的场次", "选中的 " + ticked + " 场") : words;
    button.disabled = !ticked;
    if (all) {
      all.checked = ticked > 0 && ticked === boxes.length;
      all.indeterminate = ticked > 0 && ticked < boxes.length;
    }
  }

  if (all && boxes.length) {
    all.parentElement.hidden = false;
    all.addEventListener("change", function () {
      boxes.forEach(function (box) { box.checked = all.checked; });
      tell();
    });
  }
  boxes.forEach(function (box) { box.addEventListener("change", tell); });
  tell();
})();
