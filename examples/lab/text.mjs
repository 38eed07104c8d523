/** Numbers as texts. */

/** `toFixed` without a minus before zero. */
export function fixed(value, digits) {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text;
}
