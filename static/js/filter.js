// A search box that narrows a list already on the page while one writes: data-filter names the items; [data-nothing] is shown
// when none is left. What is typed is sent nowhere. [data-needs-script] appears where a script runs.
(function () {
  "use strict";
  var box = document.querySelector("[data-filter]");
  if (!box) {
    return;
  }
  document.querySelectorAll("[data-needs-script]").forEach(function (part) {
    part.hidden = false;
  });
  var items = Array.prototype.map.call(document.querySelectorAll(box.dataset.filter), function (item) {
    return { item: item, text: item.textContent.normalize("NFKC").replace(/\s+/g, "").toLowerCase() };
  });
  var nothing = document.querySelector("[data-nothing]");
  box.addEventListener("input", function () {
    var words = box.value.normalize("NFKC").replace(/\s+/g, "").toLowerCase();
    var left = 0;
    items.forEach(function (entry) {
      entry.item.hidden = entry.text.indexOf(words) < 0;
      left += entry.item.hidden ? 0 : 1;
    });
    if (nothing) {
      nothing.hidden = left > 0 || items.length === 0;
    }
  });
})();
