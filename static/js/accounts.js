// Pages on which accounts are made: says while typing whether a name is free, counts what is ticked, and copies a link
// or a text. The server decides again when the form arrives.
(function () {
  "use strict";

  var form = document.querySelector("[data-username-check]");

  function check(box) {
    var input = box.querySelector("input");
    var said = box.querySelector("[data-username-free]");
    var asked = input.value.trim();
    if (!asked) {
      said.textContent = "";
      return;
    }
    fetch(form.dataset.usernameCheck + "?username=" + encodeURIComponent(asked), { credentials: "same-origin" })
      .then(function (answer) {
        return answer.ok ? answer.text() : "";
      })
      .then(function (words) {
        if (input.value.trim() === asked) {
          said.textContent = words;
        }
      })
      .catch(function () {
        said.textContent = "";
      });
  }

  function count() {
    var said = form.querySelector("[data-ticked]");
    if (said) {
      var ticked = form.querySelectorAll("input[type=checkbox]:checked").length;
      said.textContent = ticked ? "已勾选 " + ticked + " 个" : "";
    }
  }

  if (form) {
    form.addEventListener("change", function (event) {
      var box = event.target.closest("[data-username]");
      if (box) {
        check(box);
      }
      count();
    });
    count();
  }

  // Without a clipboard of its own (WeChat's browser, no HTTPS) the text is selected and copied the old way.
  function choose(field) {
    if (field.select) {
      field.focus();
      field.select();
    } else {
      window.getSelection().selectAllChildren(field);
    }
  }

  function copy(field) {
    if (navigator.clipboard) {
      return navigator.clipboard.writeText(field.select ? field.value : field.innerText);
    }
    choose(field);
    return document.execCommand("copy") ? Promise.resolve() : Promise.reject(new Error("not copied"));
  }

  document.querySelectorAll("[data-copy]").forEach(function (button) {
    var field = document.getElementById(button.dataset.copy);
    button.hidden = false;
    button.addEventListener("click", function () {
      copy(field).then(
        function () {
          button.textContent = "已复制";
        },
        function () {
          choose(field);
          button.textContent = "请长按上面的文字复制";
        }
      );
    });
  });
  document.querySelectorAll(".slip-copy input").forEach(function (field) {
    field.addEventListener("focus", field.select);
  });
})();
