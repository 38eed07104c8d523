/**
 * Kinds of numbers in an mdoc, by the keys in SerialEM's manual. The kinds are those of Python's mdocfile (0.2.3,
 * `data_models.py`), so that a file is refused here where it is refused there.
 *
 * Source: SerialEM help, "About file formats"; keys not listed are text and are kept.
 */
export type MdocFieldKind = "float" | "int";

export const HEADER_FIELDS: Readonly<Record<string, MdocFieldKind>> = {
  PixelSpacing: "float",
  Voltage: "float",
  DataMode: "int",
  ImageSeries: "int",
};

export const SECTION_FIELDS: Readonly<Record<string, MdocFieldKind>> = {
  ZValue: "int",
  MontSection: "int",
  FrameSet: "int",
  TiltAngle: "float",
  StageZ: "float",
  Magnification: "float",
  CameraLength: "float",
  MagIndex: "int",
  Intensity: "float",
  PixelSpacing: "float",
  ExposureDose: "float",
  DoseRate: "float",
  SpotSize: "float",
  Defocus: "float",
  TargetDefocus: "float",
  RotationAngle: "float",
  ExposureTime: "float",
  Binning: "float",
  CameraIndex: "int",
  RotationAndFlip: "int",
  LowDoseConSet: "int",
  PriorRecordDose: "float",
  NumSubFrames: "int",
  CameraPixelSize: "float",
  Voltage: "float",
};
