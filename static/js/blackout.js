// Blacks out parts of a chosen photo before it leaves the device: ID numbers on a sign-in sheet, faces of children. Works on what
// photos.js has put into the file input; the covered picture takes the place of the first one, which is sent nowhere.
// By finger or mouse one draws rectangles; by keyboard one covers a band along an edge.
(function () {
  "use strict";

  var QUALITY = 0.85;
  var SMALLEST = 0.01; // of an edge: a mere touch covers nothing

  function possible() {
    try {
      return new DataTransfer().items !== undefined && "toBlob" in HTMLCanvasElement.prototype && "showModal" in document.createElement("dialog");
    } catch (error) {
      return false;
    }
  }

  function element(name, text, attributes) {
    var made = document.createElement(name);
    made.textContent = text || "";
    Object.keys(attributes || {}).forEach(function (key) {
      made.setAttribute(key, attributes[key]);
    });
    return made;
  }

  function isImage(file) {
    return /^image\/(jpeg|png)$/.test(file.type);
  }

  // The band of `share` along an edge, as parts of the picture.
  function band(edge, share) {
    return {
      bottom: { x: 0, y: 1 - share, w: 1, h: share },
      top: { x: 0, y: 0, w: 1, h: share },
      left: { x: 0, y: 0, w: share, h: 1 },
      right: { x: 1 - share, y: 0, w: share, h: 1 },
    }[edge];
  }

  function open(file, done) {
    var url = URL.createObjectURL(file);
    var image = new Image();
    var covers = []; // rectangles as parts of the picture
    var drawn = null; // the one under the finger
    var dialog = element("dialog", "", { class: "blackout", "aria-labelledby": "blackout-title" });
    var title = element("h2", "遮盖照片", { id: "blackout-title" });
    var lead = element("p", "用手指在照片上拖出黑块，盖住身份证号、电话等。盖住的部分不会上传。", { class: "muted" });
    var canvas = element("canvas", "", { role: "img", "aria-label": "要遮盖的照片" });
    var state = element("p", "", { role: "status", class: "muted" });
    var edges = element("select", "", { class: "form-select", id: "blackout-edge" });
    var share = element("input", "", { type: "number", class: "form-control w-figure", id: "blackout-share", min: "1", max: "100", value: "30", inputmode: "numeric" });
    var add = element("button", "盖住这一条", { type: "button", class: "btn btn-secondary" });
    var undo = element("button", "撤销一块", { type: "button", class: "btn btn-secondary" });
    var keep = element("button", "用遮盖后的照片", { type: "button", class: "btn btn-primary" });
    var cancel = element("button", "不遮了", { type: "button", class: "btn btn-secondary" });
    var bands = element("fieldset", "", { class: "blackout-bands" });
    var actions = element("div", "", { class: "form-actions" });

    [["bottom", "下边"], ["right", "右边"], ["top", "上边"], ["left", "左边"]].forEach(function (pair) {
      edges.append(element("option", pair[1], { value: pair[0] }));
    });
    bands.append(
      element("legend", "不用手指：盖住一条"),
      element("label", "从", { for: "blackout-edge" }),
      edges,
      element("label", "起百分之", { for: "blackout-share" }),
      share,
      add
    );
    actions.append(keep, undo, cancel);
    dialog.append(title, lead, canvas, state, bands, actions);

    function paint(context, width, height) {
      context.drawImage(image, 0, 0, width, height);
      context.fillStyle = "#000";
      covers.concat(drawn ? [drawn] : []).forEach(function (c) {
        // whole pixels outwards: no grey seam through which a digit could be guessed
        var left = Math.floor(c.x * width);
        var top = Math.floor(c.y * height);
        context.fillRect(left, top, Math.ceil((c.x + c.w) * width) - left, Math.ceil((c.y + c.h) * height) - top);
      });
    }

    function show() {
      paint(canvas.getContext("2d"), canvas.width, canvas.height);
      state.textContent = covers.length ? "已盖住 " + covers.length + " 块。" : "还没有盖住任何部分。";
      undo.disabled = !covers.length;
      keep.disabled = !covers.length;
    }

    function point(event) {
      var box = canvas.getBoundingClientRect();
      return {
        x: Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)),
        y: Math.min(1, Math.max(0, (event.clientY - box.top) / box.height)),
      };
    }

    var start = null;
    canvas.addEventListener("pointerdown", function (event) {
      start = point(event);
      canvas.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    canvas.addEventListener("pointermove", function (event) {
      if (!start) {
        return;
      }
      var end = point(event);
      drawn = { x: Math.min(start.x, end.x), y: Math.min(start.y, end.y), w: Math.abs(end.x - start.x), h: Math.abs(end.y - start.y) };
      show();
    });
    function finish() {
      if (drawn && drawn.w > SMALLEST && drawn.h > SMALLEST) {
        covers.push(drawn);
      }
      start = drawn = null;
      show();
    }
    canvas.addEventListener("pointerup", finish);
    canvas.addEventListener("pointercancel", finish);

    add.addEventListener("click", function () {
      var percent = Math.min(100, Math.max(1, parseInt(share.value, 10) || 0));
      covers.push(band(edges.value, percent / 100));
      show();
    });
    undo.addEventListener("click", function () {
      covers.pop();
      show();
    });
    cancel.addEventListener("click", function () {
      dialog.close();
    });
    keep.addEventListener("click", function () {
      var whole = document.createElement("canvas");
      whole.width = image.naturalWidth;
      whole.height = image.naturalHeight;
      paint(whole.getContext("2d"), whole.width, whole.height);
      whole.toBlob(
        function (blob) {
          if (!blob) {
            state.textContent = "这部手机处理不了这张照片，请先在相册里涂抹后再选。";
            return;
          }
          done(new File([blob], file.name.replace(/\.[^.]+$/, "") + ".jpg", { type: "image/jpeg" }));
          dialog.close();
        },
        "image/jpeg",
        QUALITY
      );
    });
    dialog.addEventListener("close", function () {
      URL.revokeObjectURL(url);
      dialog.remove();
    });

    image.onload = function () {
      var scale = Math.min(1, 1200 / Math.max(image.naturalWidth, image.naturalHeight));
      canvas.width = Math.max(1, Math.round(image.naturalWidth * scale));
      canvas.height = Math.max(1, Math.round(image.naturalHeight * scale));
      document.body.append(dialog);
      dialog.showModal();
      show();
    };
    image.src = url;
  }

  // The button under each preview of photos.js; its pictures stand in the order of the input's.
  function offer(input) {
    var list = input.closest("form").querySelector("[data-photos-preview]");
    var places = [];
    Array.prototype.forEach.call(input.files, function (file, place) {
      if (isImage(file)) {
        places.push(place);
      }
    });
    Array.prototype.forEach.call(list.querySelectorAll("figure"), function (figure, number) {
      var place = places[number];
      if (place === undefined || figure.querySelector("button")) {
        return;
      }
      var button = element("button", "遮盖", { type: "button", class: "btn btn-secondary", "aria-label": "遮盖第 " + (number + 1) + " 张照片" });
      button.addEventListener("click", function () {
        open(input.files[place], function (covered) {
          var ready = new DataTransfer();
          Array.prototype.forEach.call(input.files, function (file, at) {
            ready.items.add(at === place ? covered : file);
          });
          input.files = ready.files;
          var image = figure.querySelector("img");
          URL.revokeObjectURL(image.src);
          image.src = URL.createObjectURL(covered);
          figure.querySelector("figcaption").textContent = covered.name + "，已遮盖，" + Math.max(1, Math.round(covered.size / 1024)) + " KB";
          button.focus();
        });
      });
      figure.append(button);
    });
  }

  if (possible()) {
    document.addEventListener("photos:ready", function (event) {
      offer(event.target);
    });
  }
})();
