export const MAPPED_NAMES = {
  run_to_tomo_map_csv: "mapped_tomo_name",
  run_to_frame_map_csv: "mapped_frame_name",
  run_to_ts_map_csv: "mapped_ts_name",
} as const;
