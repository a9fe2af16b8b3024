// The grid of many sessions: a paste from Excel spreads over the cells from where the cursor stands, rows are added as they
// are needed, and a value is filled down. Without this script the box above the grid takes the paste.
(function () {
  "use strict";

  var form = document.querySelector("form[data-grid]");
  if (!form) {
    return;
  }
  var body = form.querySelector("tbody");
  var most = Number(form.dataset.gridMost);
  var at = null; // the cell where the cursor stood last

  function addRow() {
    var last = body.rows[body.rows.length - 1];
    var row = last.cloneNode(true);
    var number = body.rows.length;
    row.cells[0].textContent = number + 1;
    row.querySelectorAll("input").forEach(function (input, column) {
      input.name = "r" + number + "c" + column;
      input.id = "id_" + input.name;
      input.value = "";
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
      input.setAttribute("aria-label", "第 " + (number + 1) + " 行 " + header(column).value);
    });
    row.querySelectorAll(".cell-message").forEach(function (message) {
      message.remove();
    });
    row.querySelectorAll(".cell-error").forEach(function (cell) {
      cell.classList.remove("cell-error");
    });
    body.appendChild(row);
  }

  function header(column) {
    return form.elements.namedItem("h" + column);
  }

  function cell(row, column) {
    return form.elements.namedItem("r" + row + "c" + column);
  }

  // As Excel writes to the clipboard: tabs between cells, quotation marks around cells that hold breaks.
  function cells(text) {
    var rows = [[""]];
    var quoted = false;
    for (var i = 0; i < text.length; i++) {
      var row = rows[rows.length - 1];
      var letter = text[i];
      if (quoted && letter === '"' && text[i + 1] === '"') {
        row[row.length - 1] += '"';
        i++;
      } else if (letter === '"' && (quoted || row[row.length - 1] === "")) {
        quoted = !quoted;
      } else if (letter === "\t" && !quoted) {
        row.push("");
      } else if (letter === "\n" && !quoted) {
        rows.push([""]);
      } else {
        row[row.length - 1] += letter === "\n" ? " " : letter;
      }
    }
    if (rows.length > 1 && rows[rows.length - 1].join("") === "") {
      rows.pop();
    }
    return rows;
  }

  form.addEventListener("focusin", function (event) {
    var found = /^r(\d+)c(\d+)$/.exec(event.target.name || "");
    if (found) {
      at = [Number(found[1]), Number(found[2])];
    }
  });

  body.addEventListener("paste", function (event) {
    var text = (event.clipboardData || window.clipboardData).getData("text").replace(/\r\n?/g, "\n");
    var rows = cells(text);
    if (!at || (rows.length === 1 && rows[0].length === 1)) {
      return; // one value: the browser pastes it itself
    }
    event.preventDefault();
    rows.forEach(function (row, down) {
      while (at[0] + down >= body.rows.length && body.rows.length < most) {
        addRow();
      }
      row.forEach(function (value, right) {
        var target = cell(at[0] + down, at[1] + right);
        if (target) {
          target.value = value.trim();
        }
      });
    });
  });

  var down = form.querySelector("[data-grid-down]");
  down.hidden = false;
  down.addEventListener("click", function () {
    if (!at) {
      return;
    }
    var value = cell(at[0], at[1]).value;
    for (var row = at[0] + 1; row < body.rows.length; row++) {
      var target = cell(row, at[1]);
      var used = Array.prototype.some.call(body.rows[row].querySelectorAll("input"), function (input) {
        return input.value !== "";
      });
      if (used && target.value === "") {
        target.value = value;
      }
    }
    cell(at[0], at[1]).focus();
  });

  var more = form.querySelector("[data-grid-more]");
  more.hidden = false;
  more.addEventListener("click", function () {
    for (var n = 0; n < 5 && body.rows.length < most; n++) {
      addRow();
    }
  });
})();
