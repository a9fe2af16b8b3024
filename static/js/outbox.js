// Says on the desk and the list that something pressed on this device has not been sent yet, and leads to where it goes out.
(function () {
  "use strict";

  var notice = document.querySelector("[data-outbox]");
  var waiting = [];
  try {
    Object.keys(window.localStorage).forEach(function (key) {
      if (notice && key.indexOf("draft:" + notice.dataset.outbox + ":") === 0) {
        var draft = JSON.parse(window.localStorage.getItem(key));
        if (draft.state === "queued" && draft.address && draft.address.charAt(0) === "/") {
          waiting.push(draft);
        }
      }
    });
  } catch (error) {
    return; // private browsing: nothing was kept
  }
  if (waiting.length) {
    notice.querySelector("[data-outbox-count]").textContent = waiting.length;
    notice.querySelector("a").href = waiting[0].address;
    notice.hidden = false;
  }
})();
