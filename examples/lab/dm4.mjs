/** DigitalMicrograph files of the miniature laboratory, version 4: lengths of the tag tree are big-endian, values little-endian. */

const GROUP = 20;
const VALUE = 21;
const TYPES = { uint32: 5, float32: 6, bool: 8 };
const UTF16 = 4;
const ARRAY = 20;
/** Numbers of pixel types (DataType), which are not those of values. */
const PIXELS = { float32: 2, bgra: 23 };
const encoder = new TextEncoder();

/**
 * An image of float32 with a thumbnail before it, as the camera's program saves it.
 *
 * @param {object} image
 * @param {string} image.name
 * @param {number} image.width
 * @param {number} image.height
 * @param {number} image.pixelNm edge of a pixel
 * @param {(y: number, x: number) => number} image.pixel
 */
export function dm4Bytes({ name, width, height, pixelNm, pixel }) {
  const values = new DataView(new ArrayBuffer(4 * width * height));
  for (let at = 0; at < width * height; at++) {
    values.setFloat32(4 * at, pixel(Math.floor(at / width), at % width), true);
  }
  const thumbnail = new Uint8Array(4 * 4 * 4).fill(255);
  const root = group([
    [
      "ImageList",
      group([
        ["", imageTags("", 4, 4, "bgra", thumbnail, 0)],
        ["", imageTags(name, width, height, "float32", new Uint8Array(values.buffer), pixelNm)],
      ]),
    ],
    ["Thumbnails", group([["", group([["ImageIndex", number("uint32", 0)]])]])],
  ]);
  // the length leaves out itself, version, byte order and the eight zeros at the end
  return Uint8Array.from([...uint(4, 4), ...uint(8, root.body.length), ...uint(4, 1), ...root.body, ...uint(8, 0)]);
}

function imageTags(name, width, height, kind, data, pixelNm) {
  const calibration = (scale, units) =>
    group([
      ["Origin", number("float32", 0)],
      ["Scale", number("float32", scale)],
      ["Units", text(units)],
    ]);
  const axis = pixelNm > 0 ? calibration(pixelNm, "nm") : calibration(1, "");
  return group([
    [
      "ImageData",
      group([
        [
          "Calibrations",
          group([
            ["Brightness", calibration(1, "")],
            [
              "Dimension",
              group([
                ["", axis],
                ["", axis],
              ]),
            ],
            ["DisplayCalibratedUnits", number("bool", pixelNm > 0 ? 1 : 0)],
          ]),
        ],
        ["Data", array(kind === "bgra" ? "uint32" : kind, data)],
        ["DataType", number("uint32", PIXELS[kind])],
        [
          "Dimensions",
          group([
            ["", number("uint32", width)],
            ["", number("uint32", height)],
          ]),
        ],
        ["PixelDepth", number("uint32", 4)],
      ]),
    ],
    ["ImageTags", group([])],
    ["Name", text(name)],
  ]);
}

/** Entries in their order; in version 4 each tells the bytes of what follows its name. */
function group(entries) {
  const body = [1, 0, ...uint(8, entries.length)]; // sorted, closed
  for (const [name, tag] of entries) {
    const label = encoder.encode(name);
    body.push(tag.kind, ...uint(2, label.length), ...label, ...uint(8, tag.body.length));
    for (const byte of tag.body) body.push(byte);
  }
  return { kind: GROUP, body };
}

function value(info, data) {
  return {
    kind: VALUE,
    body: [...encoder.encode("%%%%"), ...uint(8, info.length), ...info.flatMap((word) => uint(8, word)), ...data],
  };
}

function number(kind, content) {
  const view = new DataView(new ArrayBuffer(kind === "bool" ? 1 : 4));
  if (kind === "bool") view.setUint8(0, content);
  else if (kind === "float32") view.setFloat32(0, content, true);
  else view.setUint32(0, content, true);
  return value([TYPES[kind]], new Uint8Array(view.buffer));
}

function text(content) {
  return value(
    [ARRAY, UTF16, content.length],
    [...content].flatMap((character) => [character.charCodeAt(0) & 255, character.charCodeAt(0) >> 8]),
  );
}

function array(kind, data) {
  return value([ARRAY, TYPES[kind], data.length / 4], data);
}

/** Big-endian, below 2^32. */
function uint(bytes, content) {
  return Array.from({ length: bytes }, (_, i) => (bytes - i > 4 ? 0 : (content >>> (8 * (bytes - i - 1))) & 255));
}
