// The year as one picture, 1080 px wide: drawn on a canvas from the texts of the page (#picture-data), nothing is sent.
// It becomes a data: address and no blob:, which is good only within this page; the page also says what to do without a long press.
// Where the canvas does not work, the texts below stay and say the same.
(function () {
  "use strict";

  var WIDTH = 1080, TALLEST = 6000, EDGE = 48, INSET = 44;
  var FONT = '"PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC", sans-serif';
  var INK = "#0c2239", TEXT = "#1b2430", MUTED = "#57606b", LINE = "#dfdbd3";
  var STATES = {
    met: ["#17663a", "#2a8452"],
    on_track: ["#174a7c", "#2b6cab"],
    behind: ["#804b00", "#c98a1b"],
    lost: ["#a3211b", "#a3211b"],
    none: ["#57606b", "#857f74"]
  };
  var NO_START = "，。、；：）！？%";

  var data = JSON.parse(document.getElementById("picture-data").textContent);
  var figure = document.querySelector(".picture");
  var canvas = document.createElement("canvas");
  var pen = canvas.getContext && canvas.getContext("2d");
  if (!pen) {
    return;
  }
  canvas.width = WIDTH;
  canvas.height = TALLEST;
  var y = 0, dry = false;

  function type(size, bold) {
    pen.font = (bold ? "600 " : "400 ") + size + "px " + FONT;
    pen.textBaseline = "alphabetic";
    pen.textAlign = "left";
  }

  // Chinese breaks after any character, but a line begins with no closing mark and figures stay together.
  function lines(text, width) {
    var found = [], line = "";
    (text.match(/[0-9A-Za-z][0-9A-Za-z,.%]*|[\s\S]/g) || []).forEach(function (part) {
      if (line && pen.measureText(line + part).width > width && NO_START.indexOf(part) < 0) {
        found.push(line);
        line = part.trim();
      } else {
        line += part;
      }
    });
    return line ? found.concat(line) : found;
  }

  function write(text, x, size, colour, bold, width, gap) {
    type(size, bold);
    lines(text, width || WIDTH - EDGE - INSET - x).forEach(function (line) {
      y += size * 1.12;
      if (!dry) {
        pen.fillStyle = colour;
        pen.fillText(line, x, y);
      }
      y += size * 0.33;
    });
    y += gap || 0;
  }

  function beside(text, right, size, colour, bold, at) {
    if (!dry) {
      type(size, bold);
      pen.textAlign = "right";
      pen.fillStyle = colour;
      pen.fillText(text, right, at);
    }
  }

  function box(x, top, width, height, colour, round) {
    if (dry) {
      return;
    }
    pen.fillStyle = colour;
    pen.beginPath();
    pen.moveTo(x + round, top);
    pen.arcTo(x + width, top, x + width, top + height, round);
    pen.arcTo(x + width, top + height, x, top + height, round);
    pen.arcTo(x, top + height, x, top, round);
    pen.arcTo(x, top, x + width, top, round);
    pen.fill();
  }

  // A state never by colour alone: a tick, an arrow, a warning or a cross in a disc.
  function sign(kind, x, middle, radius) {
    if (dry || kind === "none") {
      return;
    }
    pen.fillStyle = STATES[kind][1];
    pen.beginPath();
    pen.arc(x + radius, middle, radius, 0, Math.PI * 2);
    pen.fill();
    pen.strokeStyle = "#fff";
    pen.lineWidth = radius / 4;
    pen.lineCap = "round";
    pen.lineJoin = "round";
    var strokes = {
      met: [[-0.5, 0, -0.1, 0.4, 0.5, -0.35]],
      on_track: [[-0.5, 0, 0.5, 0], [0.1, -0.4, 0.5, 0, 0.1, 0.4]],
      behind: [[0, -0.5, 0, 0.1], [0, 0.48, 0, 0.5]],
      lost: [[-0.38, -0.38, 0.38, 0.38], [-0.38, 0.38, 0.38, -0.38]]
    };
    strokes[kind].forEach(function (points) {
      pen.beginPath();
      for (var i = 0; i < points.length; i += 2) {
        pen[i ? "lineTo" : "moveTo"](x + radius + points[i] * radius, middle + points[i + 1] * radius);
      }
      pen.stroke();
    });
  }

  // A white panel as high as what is written on it: written once dry to measure, then for good.
  function panel(fill) {
    var top = y;
    dry = true;
    y += INSET;
    fill();
    var height = y + INSET - 12 - top;
    dry = false;
    box(EDGE, top, WIDTH - 2 * EDGE, height, "#fff", 20);
    y = top + INSET;
    fill();
    y = top + height + 28;
  }

  function head() {
    var left = EDGE + INSET, top = y;
    dry = true;
    band();
    var height = y - top;
    dry = false;
    y = top;
    pen.fillStyle = "#12304f";
    pen.fillRect(0, top, WIDTH, height);
    pen.fillStyle = "#d4a866";
    pen.fillRect(0, top + height, WIDTH, 8);
    band();
    y = top + height + 8 + 36;

    function band() {
      y += 44;
      write(data.title, left, 56, "#fff", true, WIDTH - 2 * left, 6);
      write(data.day, left, 34, "#dbe6f1", false, WIDTH - 2 * left, 38);
    }
  }

  function course() {
    var left = EDGE + INSET, width = WIDTH - 2 * left, kind = data.course.kind;
    sign(kind, left, y + 36, 34);
    write(data.course.words, left + (kind === "none" ? 0 : 90), 58, STATES[kind][0], true, width - 90, 18);
    var whole = data.shares.reduce(function (sum, share) { return sum + share.number; }, 0);
    var x = left;
    data.shares.forEach(function (share) {
      var part = width * share.number / whole;
      box(x, y, Math.max(part - 4, 4), 40, STATES[share.kind][1], 6);
      x += part;
    });
    y += whole ? 68 : 0;
    data.shares.forEach(function (share) {
      sign(share.kind, left, y + 26, 20);
      beside(share.number + " 个", left + width, 38, TEXT, true, y + 40);
      write(share.label, left + 58, 38, TEXT, false, width - 200, 6);
    });
    if (data.elapsed) {
      y += 8;
      write(data.elapsed, left, 34, MUTED, false, width, 6);
    }
  }

  function figures() {
    var left = EDGE + INSET, right = WIDTH - left;
    data.figures.forEach(function (one, index) {
      if (index) {
        rule();
      }
      var top = y;
      write(one.label, left, 36, TEXT, false, 480, 0);
      if (one.note) {
        write(one.note, left, 30, MUTED, false, 480, 0);
      }
      type(34, false);
      var unit = pen.measureText(" " + one.unit).width;
      beside(one.unit, right, 34, MUTED, false, top + 62);
      beside(one.value, right - unit - 6, 66, INK, true, top + 62);
      y = Math.max(y, top + 84) + 8;
    });
  }

  function rule() {
    if (!dry) {
      pen.fillStyle = LINE;
      pen.fillRect(EDGE + INSET, y + 4, WIDTH - 2 * (EDGE + INSET), 2);
    }
    y += 24;
  }

  function title(words) {
    write(words, EDGE + INSET, 40, INK, true, 0, 10);
  }

  function month() {
    title("近一个月");
    data.month.forEach(function (line) {
      write(line, EDGE + INSET, 36, TEXT, false, 0, 8);
    });
  }

  function years() {
    var left = EDGE + INSET, right = WIDTH - left;
    title(data.beside);
    data.years.forEach(function (row, index) {
      var bold = index === 0;
      y += 46;
      if (!dry) {
        type(36, bold);
        pen.fillStyle = TEXT;
        pen.fillText(row.year, left, y);
      }
      beside(row.met, left + 400, 36, TEXT, bold, y);
      beside(row.sessions, left + 590, 36, TEXT, bold, y);
      beside(row.attendances, right, 36, TEXT, bold, y);
      y += 16;
    });
  }

  function help() {
    var left = EDGE + INSET;
    title(data.help_title);
    data.help.forEach(function (unit, index) {
      if (index) {
        rule();
      }
      write(unit.name, left, 38, TEXT, true, 0, 0);
      write(unit.words, left, 34, STATES.behind[0], false, 0, 4);
    });
  }

  pen.fillStyle = "#f6f4f0";
  pen.fillRect(0, 0, WIDTH, TALLEST);
  head();
  panel(course);
  panel(figures);
  if (data.help.length) {
    panel(help);
  }
  if (data.month.length) {
    panel(month);
  }
  if (data.years.length > 1) {
    panel(years);
  }
  [data.for, data.source, data.demo].forEach(function (words) {
    if (words) {
      write(words, EDGE + INSET, 28, MUTED, false, 0, 0);
    }
  });
  y += 40;

  var sheet = document.createElement("canvas");
  sheet.width = WIDTH;
  sheet.height = Math.min(Math.ceil(y), TALLEST);
  sheet.getContext("2d").drawImage(canvas, 0, 0);
  canvas.width = canvas.height = 1; // gives the memory back on a phone
  var address;
  try {
    address = sheet.toDataURL("image/png");
  } catch (refused) {
    return;
  }
  var inWeChat = /MicroMessenger/i.test(navigator.userAgent);
  figure.querySelector("img").src = address;
  figure.querySelector("a").href = address;
  figure.querySelector("p").hidden = inWeChat; // nothing can be downloaded there; the picture is held down instead
  figure.hidden = false;
  document.querySelector(".picture-none").hidden = true;
})();
