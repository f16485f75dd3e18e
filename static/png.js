// The texts that a PNG carries besides its picture: read, and written.

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];

/** The uncompressed international text of that keyword, or null. */
export function readText(bytes, keyword) {
  for (const { type, data } of chunks(bytes)) {
    if (type !== "iTXt") continue;
    const fields = new TextDecoder().decode(data).split("\0");
    // keyword, two flags that are both zero here (and so make empty fields), language, translation
    if (fields[0] === keyword && data[keyword.length + 1] === 0) return fields.at(-1);
  }
  return null;
}

/** The same PNG with a text behind its header. */
export function addText(bytes, keyword, text) {
  const data = new TextEncoder().encode(`iTXt${keyword}\0\0\0\0\0${text}`);
  const chunk = new Uint8Array(data.length + 8);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, data.length - 4);
  chunk.set(data, 4);
  view.setUint32(data.length + 4, crc(data));
  const header = SIGNATURE.length + 25;
  return new Blob([bytes.slice(0, header), chunk, bytes.slice(header)], { type: "image/png" });
}

function* chunks(bytes) {
  if (SIGNATURE.some((byte, i) => bytes[i] !== byte)) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    if (at + 12 + length > bytes.length) return;
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    yield { type, data: bytes.subarray(at + 8, at + 8 + length) };
    at += 12 + length;
  }
}

function crc(bytes) {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}
