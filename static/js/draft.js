// Keeps what is typed into a form, and the photos chosen there, on this device until the server has it: through a lost
// network, a reload, or an expired sign-in. Once somebody has pressed the button it is sent by itself as soon as that is
// possible; the form's one-time token goes along, so that it arrives once however often it is tried. Kept per account, so
// that the next person on a shared phone is not offered it. Words are in localStorage (written at once, even while the page
// closes), photos in IndexedDB.
(function () {
  "use strict";

  var KEEP_DAYS = 14;
  var RETRY = 20000; // milliseconds between two tries while the page stays open without a network
  var PATIENCE = 8000; // milliseconds for the server to answer the question whether it is there
  var NEVER = ["csrfmiddlewaretoken"];
  var PASSING = ["token", "seen_version"]; // of the form as it was when this was typed

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

  // --- photos on the device ---------------------------------------------------------------------------

  var opening = null;
  function photoStore() {
    opening =
      opening ||
      new Promise(function (resolve, reject) {
        if (!window.indexedDB) {
          reject(new Error("no store"));
          return;
        }
        var request = window.indexedDB.open("drafts", 1);
        request.onupgradeneeded = function () {
          request.result.createObjectStore("photos");
        };
        request.onsuccess = function () {
          resolve(request.result);
        };
        request.onerror = function () {
          reject(request.error);
        };
      });
    return opening;
  }

  function inPhotos(mode, act) {
    return photoStore().then(function (database) {
      return new Promise(function (resolve, reject) {
        var transaction = database.transaction("photos", mode);
        var request = act(transaction.objectStore("photos"));
        transaction.oncomplete = function () {
          resolve(request.result);
        };
        transaction.onerror = transaction.onabort = function () {
          reject(transaction.error);
        };
      });
    });
  }

  function bytesOf(file) {
    return new Promise(function (resolve, reject) {
      var reader = new FileReader();
      reader.onload = function () {
        resolve({ name: file.name, type: file.type, data: reader.result });
      };
      reader.onerror = function () {
        reject(reader.error);
      };
      reader.readAsArrayBuffer(file);
    });
  }

  function forgetPhotos(key) {
    return inPhotos("readwrite", function (photos) {
      return photos.delete(key);
    }).catch(function () {});
  }

  // --- drafts -----------------------------------------------------------------------------------------

  function keyOf(user, form) {
    return "draft:" + user + ":" + form;
  }

  function forget(key) {
    kept.removeItem(key);
    return forgetPhotos(key);
  }

  function read(key) {
    try {
      return JSON.parse(kept.getItem(key));
    } catch (error) {
      kept.removeItem(key);
      return null;
    }
  }

  // Old drafts of whoever used this device go by themselves.
  Object.keys(kept).forEach(function (key) {
    if (key.indexOf("draft:") === 0) {
      var draft = read(key);
      if (!draft || Date.now() - draft.at > KEEP_DAYS * 86400000) {
        forget(key);
      }
    }
  });

  // The page after a successful save says which draft is no longer needed.
  document.querySelectorAll("[data-draft-done]").forEach(function (mark) {
    forget(keyOf(mark.dataset.draftUser, mark.dataset.draftDone));
  });

  var form = document.querySelector("form[data-draft]");
  if (!form) {
    return;
  }
  var key = keyOf(form.dataset.draftUser, form.dataset.draft);
  var address = form.dataset.draftAddress || form.getAttribute("action") || window.location.pathname; // opens this form again
  var offer = document.querySelector("[data-draft-offer]");
  var offline = document.querySelector("[data-draft-offline]");
  var gone = document.querySelector("[data-draft-gone]");
  var sending = document.querySelector("[data-draft-sending]");
  var lost = document.querySelector("[data-draft-lost]");

  function inputs() {
    return Array.prototype.filter.call(form.elements, function (field) {
      var passing = NEVER.indexOf(field.name) >= 0 || PASSING.indexOf(field.name) >= 0;
      return field.name && field.type !== "file" && field.type !== "submit" && !passing;
    });
  }

  function photoInputs() {
    return Array.prototype.filter.call(form.elements, function (field) {
      return field.type === "file" && field.name;
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

  function passing() {
    var values = {};
    PASSING.forEach(function (name) {
      var field = form.elements.namedItem(name);
      if (field) {
        values[name] = field.value;
      }
    });
    return values;
  }

  function restoreWords(draft) {
    inputs().forEach(function (field) {
      if (!(field.name in draft.values)) {
        return;
      }
      if (isChoice(field)) {
        field.checked = draft.values[field.name].indexOf(field.value) >= 0;
      } else {
        field.value = draft.values[field.name];
      }
    });
    Object.keys(draft.passing || {}).forEach(function (name) {
      var field = form.elements.namedItem(name);
      if (field && draft.passing[name]) {
        field.value = draft.passing[name];
      }
    });
    form.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function restorePhotos() {
    return inPhotos("readonly", function (photos) {
      return photos.get(key);
    })
      .then(function (found) {
        photoInputs().forEach(function (input) {
          var files = (found || {})[input.name] || [];
          if (!files.length || input.files.length) {
            return;
          }
          var ready = new DataTransfer();
          files.forEach(function (file) {
            ready.items.add(new File([file.data], file.name, { type: file.type }));
          });
          input.files = ready.files;
          input.dispatchEvent(new CustomEvent("photos:restored"));
        });
      })
      .catch(function () {}); // no store, or a browser in which files cannot be put back: they are chosen again
  }

  var count = 0; // photos on the device
  var press = null; // [name, value] of the button that was pressed, while it has not got through
  var state = "typing"; // typing, queued (pressed, and the server was not there), sent (on its way; the outcome unknown)

  function save() {
    try {
      var draft = { at: Date.now(), values: typed(), passing: passing(), photos: count, state: state, press: press };
      draft.address = address;
      kept.setItem(key, JSON.stringify(draft));
    } catch (error) {
      lost.hidden = false; // no room left on the device
    }
  }

  function savePhotos() {
    var inputsWithFiles = photoInputs().filter(function (input) {
      return input.files.length;
    });
    count = inputsWithFiles.reduce(function (sum, input) {
      return sum + input.files.length;
    }, 0);
    if (!count) {
      return forgetPhotos(key);
    }
    var all = {};
    return Promise.all(
      inputsWithFiles.map(function (input) {
        return Promise.all(Array.prototype.map.call(input.files, bytesOf)).then(function (files) {
          all[input.name] = files;
        });
      })
    )
      .then(function () {
        return inPhotos("readwrite", function (photos) {
          return photos.put(all, key);
        });
      })
      .then(function () {
        lost.hidden = true;
      })
      .catch(function () {
        count = 0;
        lost.hidden = false;
      });
  }

  // --- sending ----------------------------------------------------------------------------------------

  var passed = false; // the next submit event goes through
  var trying = false;
  var again = null;

  function show(notice) {
    [offer, offline, gone, sending].forEach(function (other) {
      other.hidden = other !== notice;
    });
    if (notice) {
      notice.scrollIntoView({ block: "center" });
    }
  }

  /* "there", "elsewhere" (sent on to the sign-in page), "gone" (the address opens nothing any more: what is sent there would be
     lost) or "away". A HEAD request: nothing is changed by asking. */
  function ask() {
    if (!window.fetch || !window.AbortController) {
      return Promise.resolve(navigator.onLine === false ? "away" : "there");
    }
    var patience = new AbortController();
    var timer = setTimeout(function () {
      patience.abort();
    }, PATIENCE);
    var options = { method: "HEAD", credentials: "same-origin", redirect: "manual", cache: "no-store" };
    options.signal = patience.signal;
    return fetch(form.action, options)
      .then(function (answer) {
        if (answer.type === "opaqueredirect") {
          return "elsewhere";
        }
        return answer.status === 404 ? "gone" : answer.status >= 502 ? "away" : "there";
      })
      .catch(function () {
        return "away";
      })
      .then(function (found) {
        clearTimeout(timer);
        return found;
      });
  }

  function wait() {
    state = "queued";
    save();
    show(offline);
    offline.querySelector("[data-draft-photos]").textContent = count ? "和 " + count + " 张照片" : "";
    clearTimeout(again);
    again = setTimeout(attempt, RETRY);
  }

  function attempt() {
    if (trying || passed || !press) {
      return;
    }
    trying = true;
    clearTimeout(again);
    ask().then(function (found) {
      trying = false;
      if (found === "away") {
        wait();
      } else if (found === "gone") {
        state = "typing"; // offered again where this form opens: a point's by its new link
        save();
        show(gone);
      } else if (found === "elsewhere") {
        state = "queued";
        save();
        window.location.assign(address); // to the sign-in page, and from there back to this form
      } else {
        go();
      }
    });
  }

  function go() {
    state = "sent";
    save();
    passed = true;
    if (press[0]) {
      var button = document.createElement("input");
      button.type = "hidden";
      button.name = press[0];
      button.value = press[1];
      form.appendChild(button);
    }
    HTMLFormElement.prototype.submit.call(form); // a button may be called "submit"
  }

  var pressed = null;
  form.addEventListener("click", function (event) {
    var button = event.target.closest("button[type=submit]");
    if (button) {
      pressed = button;
    }
  });

  form.addEventListener("submit", function (event) {
    event.preventDefault();
    if (trying || passed) {
      return; // the second of a double click
    }
    var button = event.submitter || pressed;
    press = button && button.name ? [button.name, button.value] : ["", ""];
    save();
    savePhotos().then(attempt);
  });

  window.addEventListener("online", attempt);
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) {
      passed = false; // back to a page that had sent itself
      Array.prototype.forEach.call(form.querySelectorAll("button[type=submit]"), function (button) {
        button.disabled = false;
      });
    }
  });

  // --- what was left here earlier -----------------------------------------------------------------------

  var shown = JSON.stringify(typed());
  var earlier = read(key);
  var returned = "draftReturned" in form.dataset; // a page that came back with errors already shows the words

  if (earlier && earlier.values && returned) {
    count = earlier.photos || 0;
    restorePhotos(); // a browser never shows chosen files again by itself
  } else if (earlier && earlier.values && earlier.state === "queued" && earlier.press) {
    count = earlier.photos || 0;
    show(sending);
    restoreWords(earlier);
    press = earlier.press;
    state = "queued";
    restorePhotos().then(attempt);
  } else if (earlier && earlier.values && (JSON.stringify(earlier.values) !== shown || earlier.photos)) {
    var at = new Date(earlier.at);
    offer.querySelector("[data-draft-when]").textContent =
      at.getMonth() + 1 + "月" + at.getDate() + "日 " + at.getHours() + ":" + ("0" + at.getMinutes()).slice(-2);
    offer.querySelector("[data-draft-photos]").textContent = earlier.photos ? "，有 " + earlier.photos + " 张照片" : "";
    show(offer);
    offer.querySelector("[data-draft-restore]").addEventListener("click", function () {
      count = earlier.photos || 0;
      restoreWords(earlier);
      restorePhotos();
      offer.hidden = true;
      save();
    });
    offer.querySelector("[data-draft-discard]").addEventListener("click", function () {
      forget(key);
      offer.hidden = true;
    });
  }

  // --- while it is being typed ----------------------------------------------------------------------------

  var waiting = null;
  function soon() {
    clearTimeout(waiting);
    waiting = setTimeout(save, 400);
  }
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  form.addEventListener("photos:ready", function () {
    savePhotos().then(save);
  });
  window.addEventListener("pagehide", function () {
    if (JSON.stringify(typed()) !== shown || count) {
      save();
    }
  });
})();
