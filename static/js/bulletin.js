// 版记 on the foot of the last sheet. No style says how much room a last page has left, so the same document is set out of sight
// in columns as large as the type area, which break as the pages do, and what is left below it in the last one is measured.
(function () {
  "use strict";

  var paper = document.querySelector(".official");
  if (!paper || !window.matchMedia("(min-width: 48rem)").matches) {
    return; // on a phone the text has another size than on paper: 版记 then stands below the date
  }

  function measure() {
    var sheet = document.createElement("div");
    var copy = paper.cloneNode(true);
    sheet.className = "official-measure";
    sheet.setAttribute("aria-hidden", "true");
    sheet.setAttribute("inert", "");
    copy.style.removeProperty("--room");
    sheet.appendChild(copy);
    document.body.appendChild(sheet);
    var page = sheet.getBoundingClientRect();
    var end = copy.querySelector(".official-colophon").getBoundingClientRect();
    document.body.removeChild(sheet);
    var room = page.top + page.height - end.bottom - 2; // less than it may be: a page more would be worse
    paper.style.setProperty("--room", Math.max(room, 0) + "px");
  }

  window.addEventListener("beforeprint", measure);
  (document.fonts ? document.fonts.ready : Promise.resolve()).then(measure);
})();
