// Choosing a course fills in what the form does not say yet. The server does the same with what is still empty, so nothing is
// lost without this script; with it one sees what is going to be stored (language and length below 更多), and may change it.
(function () {
  "use strict";

  var field = document.getElementById("id_course");
  var source = document.getElementById("courses-filled");
  if (!field || !source) {
    return;
  }
  var known = JSON.parse(source.textContent);
  var written = {}; // what came from a course, by field: that may be replaced by the next course, anything typed may not

  function fill(name, value) {
    var input = field.form.elements.namedItem(name);
    if (!input || (input.value !== "" && input.value !== written[name])) {
      return;
    }
    input.value = value;
    written[name] = input.value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  field.addEventListener("change", function () {
    var course = known[field.value];
    if (!course) {
      return;
    }
    fill("title", course.title || "");
    fill("theme", course.theme ? String(course.theme) : "");
    fill("language", course.language ? String(course.language) : "");
    var length = field.form.elements.namedItem("length");
    if (course.length && (length.value === "" || length.value === written.length)) {
      field.form.elements.namedItem("length_unit").value = course.length_unit;
      fill("length", String(course.length));
    }
  });
})();
