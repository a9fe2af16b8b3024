// Keeps what is typed into a session's form on this device until it has been saved: through an expired sign-in, a reload or
// a lost network. Text and choices only, never files; kept per account, so that the next person on a shared phone is not
// offered it.
(function () {
  "use strict";

  var KEEP_DAYS = 14;
  var PASSING = ["csrfmiddlewaretoken", "token", "seen_version"];

  function store() {
    try {
      var test = "draft:test";
      window.localStorage.setItem(test, "1");
      window.localStorage.removeItem(test);
      return window.localStorage;
    } catch (error) {
      return null; // private browsing, or no room: the form works as before
    }
  }

  var kept = store();
  if (!kept) {
    return;
  }

  function keyOf(user, form) {
    return "draft:" + user + ":" + form;
  }

  // Old drafts of whoever used this device go by themselves.
  Object.keys(kept).forEach(function (key) {
    if (key.indexOf("draft:") === 0) {
      try {
        if (Date.now() - JSON.parse(kept.getItem(key)).at > KEEP_DAYS * 86400000) {
          kept.removeItem(key);
        }
      } catch (error) {
        kept.removeItem(key);
      }
    }
  });

  // The page after a successful save says which draft is no longer needed.
  document.querySelectorAll("[data-draft-done]").forEach(function (mark) {
    kept.removeItem(keyOf(mark.dataset.draftUser, mark.dataset.draftDone));
  });

  var form = document.querySelector("form[data-draft]");
  if (!form) {
    return;
  }
  var key = keyOf(form.dataset.draftUser, form.dataset.draft);
  var offer = document.querySelector("[data-draft-offer]");
  var offline = document.querySelector("[data-draft-offline]");

  function inputs() {
    return Array.prototype.filter.call(form.elements, function (field) {
      return field.name && field.type !== "file" && field.type !== "submit" && PASSING.indexOf(field.name) < 0;
    });
  }

  function isChoice(field) {
    return field.type === "checkbox" || field.type === "radio";
  }

  function typed() {
    var values = {};
    inputs().forEach(function (field) {
      if (isChoice(field)) {
        values[field.name] = values[field.name] || [];
        if (field.checked) {
          values[field.name].push(field.value);
        }
      } else {
        values[field.name] = field.value;
      }
    });
    return values;
  }

  function restore(values) {
    inputs().forEach(function (field) {
      if (!(field.name in values)) {
        return;
      }
      if (isChoice(field)) {
        field.checked = values[field.name].indexOf(field.value) >= 0;
      } else {
        field.value = values[field.name];
      }
    });
  }

  function save() {
    try {
      kept.setItem(key, JSON.stringify({ at: Date.now(), values: typed() }));
    } catch (error) {
      // no room left on the device: nothing more can be done here
    }
  }

  var shown = JSON.stringify(typed());
  var earlier = null;
  try {
    earlier = JSON.parse(kept.getItem(key));
  } catch (error) {
    kept.removeItem(key);
  }

  // A page that came back with errors already shows what was typed.
  if (earlier && earlier.values && !("draftReturned" in form.dataset) && JSON.stringify(earlier.values) !== shown) {
    var at = new Date(earlier.at);
    offer.querySelector("[data-draft-when]").textContent =
      at.getMonth() + 1 + "月" + at.getDate() + "日 " + at.getHours() + ":" + ("0" + at.getMinutes()).slice(-2);
    offer.hidden = false;
    offer.scrollIntoView({ block: "center" });
    offer.querySelector("[data-draft-restore]").addEventListener("click", function () {
      restore(earlier.values);
      offer.hidden = true;
      save();
    });
    offer.querySelector("[data-draft-discard]").addEventListener("click", function () {
      kept.removeItem(key);
      offer.hidden = true;
    });
  }

  var waiting = null;
  function soon() {
    clearTimeout(waiting);
    waiting = setTimeout(save, 400);
  }
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  window.addEventListener("pagehide", function () {
    if (JSON.stringify(typed()) !== shown) {
      save();
    }
  });

  form.addEventListener("submit", function (event) {
    save();
    if (navigator.onLine === false) {
      event.preventDefault();
      offline.hidden = false;
      offline.scrollIntoView({ block: "center" });
    }
  });
  window.addEventListener("online", function () {
    offline.hidden = true;
  });
})();
