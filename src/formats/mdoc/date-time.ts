const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/**
 * SerialEM's `28-Apr-18  11:38:54`, with a year of two or four digits, or `2021-10-08 07:39:08`, as milliseconds since 1970. The
 * microscope's time zone is not written, so the numbers order the images of one session and tell no absolute time. Two digits
 * from 70 are of the last century. What is no date gives undefined.
 */
export function mdocTimeMs(text: string): number | undefined {
  const serialEm = /^(\d{1,2})-([A-Za-z]{3})-(\d{2}|\d{4})\s+(\d{1,2}):(\d{2}):(\d{2}(?:\.\d+)?)$/.exec(text.trim());
  const iso = /^(\d{4})-(\d{2})-(\d{2})[T\s]+(\d{1,2}):(\d{2}):(\d{2}(?:\.\d+)?)$/.exec(text.trim());
  if (serialEm) {
    const [, day, month, year, hour, minute, second] = serialEm;
    const monthIndex = MONTHS.indexOf(month!.toLowerCase());
    return timeMs(fullYear(year!), monthIndex, Number(day), Number(hour), Number(minute), Number(second));
  }
  if (!iso) return undefined;
  const [year, month, day, hour, minute, second] = iso.slice(1).map(Number) as [number, number, number, number, number, number];
  return timeMs(year, month - 1, day, hour, minute, second);
}

function fullYear(digits: string): number {
  const year = Number(digits);
  return digits.length === 4 ? year : year + (year < 70 ? 2000 : 1900);
}

function timeMs(year: number, month: number, day: number, hour: number, minute: number, second: number): number | undefined {
  if (month < 0 || hour > 23 || minute > 59 || second >= 61) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  // a day that the month does not have runs over into another
  if (date.getUTCFullYear() !== year || date.getUTCMonth() !== month || date.getUTCDate() !== day) return undefined;
  return date.getTime() + Math.round(((hour * 60 + minute) * 60 + second) * 1000);
}
