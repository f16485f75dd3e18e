// The same morph from a terminal or a program: what is on the page, as the API is asked for it.

const PHOTOS = ["friend", "dog"];
const MARKS = /_(species|landmarks|face)$/; // they belong to these photos, not to the way of asking

/** Keep the examples in a box like the form. */
export function showCode(box, form) {
  const blocks = [...box.querySelectorAll("pre")];
  const write = () => {
    const asked = fieldsOf(form);
    for (const block of blocks) block.textContent = LANGUAGES[block.dataset.code](...asked);
  };
  for (const type of ["change", "settled"]) form.addEventListener(type, write);
  for (const button of box.querySelectorAll("button")) {
    button.addEventListener("click", async () => {
      const block = button.closest("figure").querySelector("pre");
      await navigator.clipboard.writeText(block.textContent);
      button.textContent = "Copied";
    });
  }
  write();
}

/** The photos that are sent, and every field that says something. */
function fieldsOf(form) {
  const entries = [...new FormData(form)].filter(([name]) => !MARKS.test(name));
  const photos = PHOTOS.filter((name) => name === "friend" || form.elements[name].files.length);
  if (form.elements.dog.required && photos.length < 2) photos.push("dog");
  const text = entries.filter(([name, value]) => !PHOTOS.includes(name) && value !== "");
  return [photos, text, `${location.origin}/api/v1/morph`];
}

const shell = (text) => (/^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

const LANGUAGES = {
  curl: (photos, fields, url) =>
    [
      "curl",
      ...photos.map((name) => `-F ${name}=@${name}.jpg`),
      ...fields.map(([name, value]) => `-F ${name}=${shell(value)}`),
      `${url} -o morph.png`,
    ].join(" \\\n  "),

  python: (photos, fields, url) => `import requests

answer = requests.post(
    ${JSON.stringify(url)},
    files={${photos.map((name) => `"${name}": open("${name}.jpg", "rb")`).join(", ")}},
    data={${fields.map((field) => field.map((v) => JSON.stringify(v)).join(": ")).join(", ")}},
)
answer.raise_for_status()
open("morph.png", "wb").write(answer.content)`,

  javascript: (photos, fields, url) => `import { openAsBlob } from "node:fs";
import { writeFile } from "node:fs/promises";

const body = new FormData();
${photos.map((name) => `body.set("${name}", await openAsBlob("${name}.jpg"), "${name}.jpg");`).join("\n")}
${fields.map((field) => `body.set(${field.map((v) => JSON.stringify(v)).join(", ")});`).join("\n")}
const answer = await fetch(${JSON.stringify(url)}, { method: "POST", body });
await writeFile("morph.png", Buffer.from(await answer.arrayBuffer()));`,
};
