/** People keep points and angles in them, too. */
export const SPREADSHEET =
  "a spreadsheet, which is not read: save what is to be published of it as CSV, such as the columns x, y, z";
const OF_SPREADSHEETS = /\.(?:xlsx?|xlsm|ods)$/i;
export const isSpreadsheet = (path: string): boolean => OF_SPREADSHEETS.test(path);

/** Names of files that no portal wants, with the reason. */
export const NAMES: readonly (readonly [form: RegExp, reason: string])[] = [
  [/~$|\.(?:bak|backup|old|orig_bak|sav)$|^#.*#$|\.bak\d*$/i, "a backup of an older file"],
  [/\.(?:part|partial|filepart|crdownload|tmp|temp|swp|swo|lock|lck)$/i, "an unfinished or temporary file"],
  [/^(?:thumbs\.db|desktop\.ini|ehthumbs\.db|icon\r)$|\.(?:lnk|url|webloc)$/i, "a file of the operating system"],
  [/\.(?:log|out|err|stdout|stderr)$|^(?:nohup\.out|slurm-\d+)/i, "a log"],
  [/\.(?:gif|bmp|svg|eps|ps|ai|psd|webp)$/i, "a picture"],
  [/\.(?:mp4|avi|mov|mkv|webm|mpe?g|wmv|flv|m4v)$/i, "a film"],
  [OF_SPREADSHEETS, SPREADSHEET],
  [
    /\.cmm$/i,
    "markers of ChimeraX, which are not read: save those that are to be published as CSV, with the columns x, y, z in voxels of the tomogram",
  ],
  [
    /\.(?:docx?|pptx?|odt|odp|rtf|md|tex|bib|html?|one)$|^(?:readme|notes?|todo|licen[cs]e|changelog)(?:[_.-].*)?$/i,
    "a document",
  ],
  [/\.(?:py|ipynb|sh|bash|csh|tcsh|zsh|slurm|sbatch|sub|pbs|job|m|mlx|r|jl|pl|lua|cpp|c|h|ps1|bat|cmd)$/i, "a script"],
  [/\.(?:pyc|whl|so|dll|exe|o|a)$/i, "a program"],
  [
    /\.(?:ckpt|pt|pth|onnx|joblib|safetensors)$|tfevents|^model_iter\d+\.h5$|(?:weights|checkpoint|model)[^/]*\.h(?:5|df5)$/i,
    "a trained model",
  ],
  [/\.(?:cxs|chimerax|pse|hx|project|ors(?:object|session|model))$/i, "a session of a viewer"],
  [/\.(?:pdb|cif|ent|pqr)$/i, "an atomic model"],
];

/** Folders in which everything is of no use, with the reason. */
export const FOLDERS: readonly (readonly [form: RegExp, reason: string])[] = [
  [/^(?:__pycache__|node_modules|site-packages)$/i, "a program"],
  [/^(?:\$recycle\.bin|trash|lost\+found|system volume information)$/i, "deleted, or of the operating system"],
  [/^(?:thumbnails?|thumbs?|screenshots?)$/i, "a picture for display"],
];

/** Names of Fourier transforms, by which small square images are known for such. */
export const SPECTRUM =
  /(?:^|[_.\- ])(?:pow|power_?spec\w*|powspec\w*|spectr(?:um|a)|fft|thon(?:_?rings?)?)\d*(?=[_.\- ]|$)|\.(?:pow|ctf)$/i;
export const MAYBE_SPECTRUM = /(?:^|[_.\- ])(?:ps|power|ctf|ctffind\d*|diag(?:nostic)?)\d*(?=[_.\- ]|$)/i;
export const PREVIEW = /(?:^|[_.\- ])(?:thumb(?:nail)?|preview|screenshot|snapshot|figure|fig\d*[a-z]?)(?=[_.\- \d]|$)/i;
