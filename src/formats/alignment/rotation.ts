/**
 * Cosine and sine of an angle, rounded to the nearest float64.
 *
 * `Math.cos` may differ from platform to platform in the last digit, and here does from Python's in about one of thirty angles:
 * enough for metadata that should be equal to the portal's byte by byte. Numbers are sums of two float64 (106 bits), so that the
 * last rounding is the only one.
 *
 * Source: T. J. Dekker, Numer. Math. 18 (1971) 224, for the arithmetic; golden: mpmath, in `test/golden/alignment`.
 */
export function cosSinDegrees(degrees: number): [cos: number, sin: number] {
  if (degrees === 0) return [1, degrees]; // −0 keeps its sign
  const radians = degrees * (Math.PI / 180);
  const turns = Math.round(radians / (Math.PI / 2));
  if (Math.abs(turns) > QUARTER_TURNS_MAX) return [Math.cos(radians), Math.sin(radians)];
  let rest: Double = [radians, 0];
  for (const part of HALF_PI) rest = add(rest, [-turns * part, 0]);
  const square = multiply(rest, rest);
  const cos = series(square, 2)[0];
  const sin = multiply(rest, series(square, 3))[0];
  const quarter = ((turns % 4) + 4) % 4;
  if (quarter === 0) return [cos, sin];
  if (quarter === 1) return [-sin, cos];
  return quarter === 2 ? [-cos, -sin] : [sin, -cos];
}

/** A value, and the rest that its rounding left. */
type Double = readonly [high: number, low: number];

/** π/2 in parts of 33 bits and a rest, so that the products with up to 2^20 quarter turns are exact (fdlibm's constants). */
const HALF_PI = [1.5707963267341256, 6.077100506303966e-11, 2.0222662487111665e-21, 8.4784276603689e-32];
const QUARTER_TURNS_MAX = 2 ** 20;
/** Last term of the series that is computed: below 2^-106 of the first for angles up to an eighth of a turn. */
const LAST_TERM = 28;

/** 1 − x/((n−1)n) · (1 − x/((n+1)(n+2)) · (…)): the cosine of √x for n = 2, the sine over √x for n = 3. */
function series(x: Double, n: 2 | 3): Double {
  let sum: Double = [1, 0];
  for (let i = LAST_TERM + n - 2; i >= n; i -= 2) {
    const [high, low] = divide(multiply(x, sum), (i - 1) * i);
    sum = add([1, 0], [-high, -low]);
  }
  return sum;
}

function add(a: Double, b: Double): Double {
  const sum = a[0] + b[0];
  const part = sum - a[0];
  return settled(sum, a[0] - (sum - part) + (b[0] - part) + a[1] + b[1]);
}

function multiply(a: Double, b: Double): Double {
  const product = a[0] * b[0];
  return settled(product, productError(a[0], b[0], product) + a[0] * b[1] + a[1] * b[0]);
}

function divide(a: Double, divisor: number): Double {
  const quotient = a[0] / divisor;
  const product = quotient * divisor;
  return settled(quotient, (a[0] - product - productError(quotient, divisor, product) + a[1]) / divisor);
}

function settled(high: number, low: number): Double {
  const sum = high + low;
  return [sum, low - (sum - high)];
}

/** Rounding error of the product `a · b`, exact: computed from halves of 26 bits. */
function productError(a: number, b: number, product: number): number {
  const [aHigh, aLow] = halves(a);
  const [bHigh, bLow] = halves(b);
  return aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow;
}

function halves(value: number): Double {
  const scaled = value * 134_217_729; // 2^27 + 1
  const high = scaled - (scaled - value);
  return [high, value - high];
}
