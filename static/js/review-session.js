// One session on the review desk: arrow keys go through the queue, and a figure that differs asks for its reason at once.
(function () {
  "use strict";
  var keys = document.querySelector("[data-keys]");
  if (keys) {
    keys.hidden = false;
  }
  document.addEventListener("keydown", function (event) {
    if (event.altKey || event.ctrlKey || event.metaKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) {
      return;
    }
    var link = document.querySelector('[data-key="' + (event.key === "ArrowLeft" || event.key === "ArrowRight" ? event.key : "") + '"]');
    if (link) {
      window.location.href = link.href;
    }
  });
  var figure = document.querySelector("input[data-reported]");
  var reason = document.getElementById("verify_reason");
  if (figure && reason) {
    var tell = function () {
      reason.required = figure.value !== figure.getAttribute("data-reported");
      reason.closest(".mb-3").classList.toggle("reason-needed", reason.required);
    };
    figure.addEventListener("input", tell);
    tell();
  }
})();
