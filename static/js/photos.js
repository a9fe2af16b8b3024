// Makes chosen photos small before they travel (about 500 KB each), shows them, and names those that cannot be read.
// Without this script the originals are sent and made small by the server. Tells draft.js by "photos:ready" when the chosen
// ones are as they will be sent, and shows again what draft.js has put back ("photos:restored").
(function () {
  "use strict";

  var LONGEST = [2000, 1400]; // pixels of the longer edge: as on the server, and for pictures that stay too heavy
  var ENOUGH = 500 * 1024; // bytes
  var QUALITIES = [0.85, 0.75, 0.65, 0.55];

  function canReplaceFiles() {
    try {
      return new DataTransfer().items !== undefined && "toBlob" in HTMLCanvasElement.prototype;
    } catch (error) {
      return false;
    }
  }

  function isImage(file) {
    return /^image\//.test(file.type) || /\.(jpe?g|png|heic|heif)$/i.test(file.name);
  }

  function decode(file) {
    return new Promise(function (resolve, reject) {
      var image = new Image();
      image.onload = function () {
        resolve(image);
      };
      image.onerror = function () {
        URL.revokeObjectURL(image.src);
        reject(new Error("unreadable"));
      };
      image.src = URL.createObjectURL(file);
    });
  }

  function encode(canvas, step) {
    return new Promise(function (resolve) {
      canvas.toBlob(resolve, "image/jpeg", QUALITIES[step]);
    }).then(function (blob) {
      return blob && blob.size > ENOUGH && step + 1 < QUALITIES.length ? encode(canvas, step + 1) : blob;
    });
  }

  // The browser turns the picture upright while drawing it, and a canvas keeps neither place nor time of the shot.
  function shrink(file, size) {
    return decode(file).then(function (image) {
      var scale = Math.min(1, LONGEST[size] / Math.max(image.naturalWidth, image.naturalHeight));
      var canvas = document.createElement("canvas");
      canvas.width = Math.max(1, Math.round(image.naturalWidth * scale));
      canvas.height = Math.max(1, Math.round(image.naturalHeight * scale));
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      URL.revokeObjectURL(image.src);
      return encode(canvas, 0).then(function (blob) {
        if (blob && blob.size > ENOUGH && size + 1 < LONGEST.length) {
          return shrink(file, size + 1);
        }
        if (!blob || blob.size >= file.size) {
          return file;
        }
        return new File([blob], file.name.replace(/\.[^.]+$/, "") + ".jpg", { type: "image/jpeg" });
      });
    });
  }

  function show(list, file) {
    var item = document.createElement("li");
    var figure = document.createElement("figure");
    var image = document.createElement("img");
    var caption = document.createElement("figcaption");
    image.src = URL.createObjectURL(file);
    image.alt = "待上传：" + file.name;
    caption.textContent = file.name + "，" + Math.max(1, Math.round(file.size / 1024)) + " KB";
    figure.append(image, caption);
    item.append(figure);
    list.append(item);
  }

  function clear(list) {
    list.querySelectorAll("img").forEach(function (image) {
      URL.revokeObjectURL(image.src);
    });
    list.replaceChildren();
  }

  document.querySelectorAll("input[type=file][data-photos]").forEach(function (input) {
    var box = input.closest("[data-photos-box]") || input.closest("form");
    var state = box.querySelector("[data-photos-state]");
    var list = box.querySelector("[data-photos-preview]");
    var round = 0;

    function tell() {
      input.dispatchEvent(new CustomEvent("photos:ready", { bubbles: true }));
    }

    input.addEventListener("photos:restored", function () {
      clear(list);
      Array.prototype.filter.call(input.files, isImage).forEach(function (file) {
        show(list, file);
      });
      state.textContent = "已放回 " + input.files.length + " 个文件。";
    });

    input.addEventListener("change", function () {
      var files = Array.prototype.slice.call(input.files);
      var mine = ++round;
      clear(list);
      state.textContent = "";
      if (!files.length || !canReplaceFiles()) {
        tell();
        return;
      }
      var buttons = input.closest("form").querySelectorAll("button[type=submit]");
      var ready = new DataTransfer();
      var unreadable = [];
      function hold(on) {
        buttons.forEach(function (button) {
          button.disabled = on;
        });
      }

      hold(true);
      files
        .reduce(function (before, file, index) {
          return before.then(function () {
            if (mine !== round) {
              return;
            }
            state.textContent = "正在处理第 " + (index + 1) + " / " + files.length + " 个文件……";
            if (!isImage(file)) {
              ready.items.add(file);
              return;
            }
            return shrink(file, 0).then(
              function (small) {
                ready.items.add(small);
                show(list, small);
              },
              function () {
                unreadable.push(file.name);
              }
            );
          });
        }, Promise.resolve())
        .then(function () {
          if (mine !== round) {
            return;
          }
          input.files = ready.files;
          state.textContent = unreadable.length
            ? "这几个文件读不出来，没有选上：" +
              unreadable.join("、") +
              "。苹果手机的 HEIC 照片请在“设置—相机—格式”里选“兼容性最佳”，或先发到微信再保存后选它。"
            : "已选 " + ready.files.length + " 个文件。";
          hold(false);
          input.dispatchEvent(new CustomEvent("photos:ready", { bubbles: true })); // for blackout.js
          tell();
        });
    });
  });
})();
