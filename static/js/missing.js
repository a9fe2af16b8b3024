// Keeps 还缺什么 up to date while a session is being typed. Which sentences there are the server has written into the list;
// here is only whether each field is filled. The server decides again when the form arrives.
(function () {
  "use strict";

  var list = document.querySelector("[data-missing]");
  var form = list && list.closest("form");
  if (!form) {
    return;
  }
  var needs = Array.prototype.slice.call(list.querySelectorAll("[data-need]"));
  var none = list.querySelector("[data-missing-none]");
  var count = document.querySelector("[data-missing-count]");

  function value(name) {
    var field = form.elements.namedItem(name);
    return field ? field.value.trim() : "";
  }

  function isOver() {
    var last = value("ends_on") || value("held_on");
    if (!last || last !== list.dataset.today) {
      return !last || last < list.dataset.today;
    }
    var time = value("end_time") || value("start_time");
    return !time || time.slice(0, 5) <= new Date().toTimeString().slice(0, 5);
  }

  function isFilled(need) {
    if (need === "over") {
      return isOver();
    }
    if (need.indexOf("late-") === 0) { // that year's reporting has closed; another day's year may be open
      return value("held_on").slice(0, 4) !== need.slice(5);
    }
    return value(need) !== "" || (need === "place" && form.elements.namedItem("outside_county").checked);
  }

  function show() {
    var left = needs.filter(function (item) {
      item.hidden = isFilled(item.dataset.need);
      return !item.hidden;
    }).length;
    none.hidden = left > 0;
    var words = left ? "还缺 " + left + " 项" : "都填好了，可以提交";
    if (count.textContent !== words) {
      count.textContent = "";
      var text = document.createElement(left ? "a" : "span");
      if (left) {
        text.href = "#missing";
      }
      text.textContent = words;
      count.appendChild(text);
    }
  }

  form.addEventListener("input", show);
  form.addEventListener("change", show);
  document.addEventListener("click", function () {
    window.setTimeout(show, 0); // a restored draft fills the form without telling
  });
  window.addEventListener("pageshow", show);
  show();
})();
