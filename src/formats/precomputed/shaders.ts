/** Neuroglancer shaders (GLSL) of a state's layers. Control names are the portal's, because saved links carry values for them. */

/** Sections between `contrast`, renderings between `contrast_3D`; values above the latter hidden where that is asked for. */
export const IMAGE_SHADER = `#uicontrol invlerp contrast
#uicontrol bool invert_contrast checkbox
#uicontrol invlerp contrast_3D(clamp=false)
#uicontrol bool invert_contrast_3D checkbox
#uicontrol bool hide_values_outside_limits_3D checkbox

float sectionValue() {
  return invert_contrast ? 1.0 - contrast() : contrast();
}

float renderedValue() {
  float value = invert_contrast_3D ? 1.0 - contrast_3D() : contrast_3D();
  return hide_values_outside_limits_3D && value > 1.0 ? 0.0 : clamp(value, 0.0, 1.0);
}

void main() {
  if (VOLUME_RENDERING) {
    float value = renderedValue();
    emitIntensity(value);
    emitGrayscale(value);
  } else {
    emitGrayscale(sectionValue());
  }
}`;

const POINT_SCALE = "#uicontrol float pointScale slider(min=0.01, max=2.0, step=0.01)";
const LINE_WIDTH = "#uicontrol float lineWidth slider(min=0.01, max=4.0, step=0.01)";
const OPACITY = "#uicontrol float opacity slider(min=0.0, max=1.0, step=0.01)";

/** @param colour colour of a marker: the layer's, or each point's own. */
function pointShader(colour: "defaultColor()" | "prop_color()"): string {
  return `${POINT_SCALE}
${OPACITY}

void main() {
  if (opacity == 0.0) discard;
  setColor(vec4(${colour}, opacity));
  setPointMarkerSize(pointScale * prop_diameter());
  setPointMarkerBorderWidth(0.1);
  setPointMarkerBorderColor(vec4(0.0, 0.0, 0.0, opacity));
}`;
}

export const POINT_SHADER = pointShader("defaultColor()");
export const INSTANCE_SHADER = pointShader("prop_color()");

/** A line each along x, y and z in its own colour; the marker at its end has half the size of the one where all three begin. */
export const ORIENTED_POINT_SHADER = `${POINT_SCALE}
${LINE_WIDTH}
${OPACITY}

void main() {
  if (opacity == 0.0) discard;
  setLineWidth(lineWidth);
  setLineColor(vec4(prop_line_color(), opacity));
  setEndpointMarkerSize(pointScale * prop_diameter(), pointScale * 0.5 * prop_diameter());
  setEndpointMarkerColor(vec4(defaultColor(), opacity));
  setEndpointMarkerBorderWidth(0.1);
  setEndpointMarkerBorderColor(vec4(0.0, 0.0, 0.0, opacity));
}`;
