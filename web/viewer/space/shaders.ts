/**
 * Programs of the 3-D pane. Positions are Å from the middle of the volume, x y z. A ray goes through the middle of a pixel; its samples lie in the middles of
 * steps from where it enters the volume, between neighbouring voxels they are interpolated.
 */

/** Beyond the volume, as in the other panes. */
const STAGE = "vec3(16.0, 18.0, 20.0) / 255.0";

const HEAD = `#version 300 es
precision highp float;
precision highp int;
precision highp sampler3D;
uniform vec3 right;
uniform vec3 down;
uniform vec3 forward;
uniform vec3 centre;
uniform vec2 size;
uniform float scale;
uniform float reach;
`;

/** Light comes from above, the left and behind the one who looks; what is further away is fainter. */
const LIGHT = `
vec3 lit(vec3 base, vec3 normal, vec3 at, float open) {
  vec3 n = vec3(dot(normal, right), dot(normal, down), dot(normal, forward));
  vec3 light = normalize(vec3(-0.35, -0.55, -0.76));
  vec3 halfway = normalize(light + vec3(0.0, 0.0, -1.0));
  float soft = 0.5 + 0.5 * dot(n, light);
  vec3 colour = base * (0.26 + 0.94 * soft * soft) * open + 0.12 * pow(max(dot(n, halfway), 0.0), 28.0) * open;
  float away = clamp(0.5 + dot(at, forward) / reach, 0.0, 1.0);
  return mix(min(colour, 1.0), ${STAGE}, 0.3 * away);
}
`;

const VOXELS = `
uniform sampler3D voxels;
uniform vec3 low;
uniform vec3 high;
uniform vec3 first;
uniform vec3 extent;
uniform vec2 window;
uniform bool dark;
uniform float stride;
float partAt(vec3 at) {
  return clamp(texture(voxels, (at - first) / extent).r * window.x + window.y, 0.0, 1.0);
}
float denseAt(vec3 at) {
  float part = partAt(at);
  return dark ? 1.0 - part : part;
}
`;

const RAY = `
out vec4 colour;
vec3 ray(out float near, out float far, out vec3 entry) {
  vec2 pixel = vec2(gl_FragCoord.x, size.y - gl_FragCoord.y) - 0.5 * size;
  vec3 from = centre + (right * pixel.x + down * pixel.y) * scale;
  vec3 along = mix(forward, vec3(1e-6), lessThan(abs(forward), vec3(1e-6)));
  vec3 a = (low - from) / along;
  vec3 b = (high - from) / along;
  vec3 entries = min(a, b);
  vec3 exits = max(a, b);
  near = max(max(entries.x, entries.y), entries.z);
  far = min(min(exits.x, exits.y), exits.z);
  entry = entries.x == near ? vec3(-sign(along.x), 0.0, 0.0) : entries.y == near ? vec3(0.0, -sign(along.y), 0.0) : vec3(0.0, 0.0, -sign(along.z));
  return from;
}
`;

export const SCREEN_VERTEX = `#version 300 es
void main() {
  gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0);
}`;

/** Maximum or mean of the samples of a ray, from the stage's grey to white. */
export const PROJECTION = `${HEAD}${VOXELS}uniform bool mean;${RAY}
void main() {
  float near, far;
  vec3 entry;
  vec3 from = ray(near, far, entry);
  if (near >= far) discard;
  float most = 0.0;
  float sum = 0.0;
  int count = max(int(ceil((far - near) / stride - 0.5)), 1);
  for (int i = 0; i < count; i++) {
    float value = denseAt(from + forward * min(near + (float(i) + 0.5) * stride, far));
    most = max(most, value);
    sum += value;
    if (!mean && most >= 1.0) break;
  }
  colour = vec4(mix(${STAGE}, vec3(1.0), mean ? sum / float(count) : most), 1.0);
}`;

/** The first place of a ray that is as dense as the threshold, shaded by the gradient there. Where the volume's edge cuts it, by the edge. */
export const SURFACE = `${HEAD}${VOXELS}
uniform float threshold;
uniform vec3 voxel;
uniform vec4 base;
${LIGHT}${RAY}
void main() {
  float near, far;
  vec3 normal;
  vec3 from = ray(near, far, normal);
  if (near >= far) discard;
  float at = near;
  if (denseAt(from + forward * near) < threshold) {
    float before = near;
    bool hit = false;
    int count = max(int(ceil((far - near) / stride - 0.5)), 1);
    for (int i = 0; i < count; i++) {
      at = min(near + (float(i) + 0.5) * stride, far);
      if (denseAt(from + forward * at) >= threshold) {
        hit = true;
        break;
      }
      before = at;
    }
    if (!hit) discard;
    for (int i = 0; i < 6; i++) {
      float middle = 0.5 * (before + at);
      if (denseAt(from + forward * middle) >= threshold) at = middle;
      else before = middle;
    }
    vec3 p = from + forward * at;
    vec3 slope = vec3(
      denseAt(p + vec3(voxel.x, 0.0, 0.0)) - denseAt(p - vec3(voxel.x, 0.0, 0.0)),
      denseAt(p + vec3(0.0, voxel.y, 0.0)) - denseAt(p - vec3(0.0, voxel.y, 0.0)),
      denseAt(p + vec3(0.0, 0.0, voxel.z)) - denseAt(p - vec3(0.0, 0.0, voxel.z))) / voxel;
    normal = dot(slope, slope) > 0.0 ? -normalize(slope) : -forward;
    if (dot(normal, forward) > 0.0) normal = -normal;
  }
  vec3 p = from + forward * at;
  float unit = min(min(voxel.x, voxel.y), voxel.z);
  float closed = 0.0;
  vec3 part = vec3(0.5, 0.3, 0.2);
  vec3 reaches = vec3(1.5, 4.0, 9.0);
  for (int i = 0; i < 3; i++) closed += part[i] * clamp((denseAt(p + normal * unit * reaches[i]) - threshold) * 8.0, 0.0, 1.0);
  colour = vec4(lit(base.rgb, normal, p, 1.0 - 0.45 * closed), base.a);
  gl_FragDepth = clamp(0.5 + 0.5 * dot(p, forward) / reach, 0.0, 1.0);
}`;

const PLACE = `
vec4 placed(vec3 at) {
  vec3 from = at - centre;
  return vec4(2.0 * dot(from, right) / scale / size.x, -2.0 * dot(from, down) / scale / size.y, dot(at, forward) / reach, 1.0);
}
`;

/** A plane through the volume: greys as the sections have them, with an edge of its axis's colour. */
export const CUT_VERTEX = `${HEAD}uniform vec3 corner;
uniform vec3 across;
uniform vec3 along;
out vec3 at;
out vec2 part;
${PLACE}
void main() {
  part = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  at = corner + across * part.x + along * part.y;
  gl_Position = placed(at);
}`;
export const CUT = `${HEAD}${VOXELS}uniform vec4 base;
uniform float gamma;
uniform bool inverted;
in vec3 at;
in vec2 part;
out vec4 colour;
void main() {
  float grey = pow(partAt(at), 1.0 / gamma);
  vec2 edge = min(part, 1.0 - part) / max(fwidth(part), vec2(1e-9));
  colour = min(edge.x, edge.y) < 1.5 ? vec4(base.rgb, 1.0) : vec4(vec3(inverted ? 1.0 - grey : grey), base.a);
}`;

/** Spheres: a square each, in front of the middle, on which the sphere is worked out. */
export const SPHERE_VERTEX = `${HEAD}layout(location = 0) in vec4 ball;
layout(location = 1) in vec3 tint;
out vec2 offset;
out vec3 middle;
out vec3 own;
out float radius;
${PLACE}
void main() {
  offset = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0 - 1.0;
  middle = ball.xyz;
  own = tint;
  // a speck is seen, too
  radius = max(ball.w, 2.0 * scale);
  gl_Position = placed(middle + (right * offset.x + down * offset.y) * radius);
}`;
export const SPHERE = `${HEAD}uniform vec4 base;
in vec2 offset;
in vec3 middle;
in vec3 own;
in float radius;
out vec4 colour;
${LIGHT}
void main() {
  float square = dot(offset, offset);
  if (square > 1.0) discard;
  vec3 normal = right * offset.x + down * offset.y - forward * sqrt(1.0 - square);
  vec3 at = middle + normal * radius;
  colour = vec4(lit(own, normal, at, 1.0), base.a);
  gl_FragDepth = clamp(0.5 + 0.5 * dot(at, forward) / reach, 0.0, 1.0);
}`;

/** Sides of a cone. */
export const CONE_SIDES = 14;
/** Cones that stand on the spheres of oriented points, and point where their z-axes do. */
export const CONE_VERTEX = `${HEAD}layout(location = 0) in vec4 ball;
layout(location = 1) in vec3 tint;
layout(location = 2) in vec3 direction;
out vec3 at;
out vec3 normal;
out vec3 own;
${PLACE}
void main() {
  vec3 aside = normalize(cross(direction, abs(direction.z) < 0.9 ? vec3(0.0, 0.0, 1.0) : vec3(1.0, 0.0, 0.0)));
  vec3 other = cross(direction, aside);
  int corner = gl_VertexID % 3;
  float angle = (float(gl_VertexID / 3) + (corner == 0 ? 0.5 : corner == 1 ? 0.0 : 1.0)) / ${CONE_SIDES}.0 * 6.283185307;
  vec3 out1 = aside * cos(angle) + other * sin(angle);
  float radius = max(ball.w, 2.0 * scale);
  at = ball.xyz + direction * radius * (corner == 0 ? 2.4 : 0.6) + out1 * (corner == 0 ? 0.0 : 0.62 * radius);
  normal = normalize(out1 + direction * 0.35);
  own = tint;
  gl_Position = placed(at);
}`;

/** Triangles of meshes, and lines of contours, whose normals are 0. */
export const MESH_VERTEX = `${HEAD}uniform vec4 base;
uniform vec3 middle;
layout(location = 0) in vec3 position;
layout(location = 1) in vec3 slope;
out vec3 at;
out vec3 normal;
out vec3 own;
${PLACE}
void main() {
  at = position - middle;
  normal = slope;
  own = base.rgb;
  gl_Position = placed(at);
}`;
export const LIT = `${HEAD}uniform vec4 base;
in vec3 at;
in vec3 normal;
in vec3 own;
out vec4 colour;
${LIGHT}
void main() {
  vec3 n = dot(normal, normal) > 0.0 ? normalize(normal) : -forward;
  if (dot(n, forward) > 0.0) n = -n;
  colour = vec4(lit(own, n, at, 1.0), base.a);
}`;

/** The picture that was drawn aside, as large as the canvas. */
export const SHOW = `#version 300 es
precision highp float;
uniform sampler2D picture;
uniform vec2 size;
out vec4 colour;
void main() {
  colour = vec4(texture(picture, gl_FragCoord.xy / size).rgb, 1.0);
}`;
