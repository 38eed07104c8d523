"""What mdocfile reads from an mdoc, in plain JSON. Shared by the golden file of test/golden/mdoc and by mdoc_check.py."""
import logging

from mdocfile.data_models import Mdoc, MdocGlobalData, MdocSectionData

logging.getLogger("mdocfile").setLevel(logging.ERROR)

NUMBERS = ["ZValue", "TiltAngle", "ExposureTime", "ExposureDose", "PixelSpacing", "RotationAngle", "NumSubFrames"]


def read(path):
    """mdocfile opens files as UTF-8 only; latin-1 ones are decoded for it."""
    with open(path, "rb") as file:
        content = file.read()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252")
    return Mdoc.from_string(text)


def title(line):
    return line[len("[T =") :].rstrip("]").strip()


def finite(value):
    return value if value is not None and abs(value) < float("inf") else None


def kind(section):
    present = [name for name in ("ZValue", "MontSection", "FrameSet") if getattr(section, name) is not None]
    return present[0] if len(present) == 1 else present


def section_facts(section):
    return {
        "kind": kind(section),
        "numbers": {name: finite(getattr(section, name)) for name in NUMBERS},
        "subFrameName": (section.SubFramePath.name or None) if section.SubFramePath is not None else None,
        "dateTime": section.DateTime,
        "unknown": dict(section.model_extra),
    }


def facts(path):
    mdoc = read(path)
    return {
        "titles": [title(line) for line in mdoc.titles],
        "pixelSpacing": finite(mdoc.global_data.PixelSpacing),
        "unknownHeader": dict(mdoc.global_data.model_extra),
        "sections": [section_facts(section) for section in mdoc.section_data],
    }


def same_fields(pairs, model, own):
    """Whether fields as emporium read them give the same values as mdocfile's own reading. As text, since nan is not nan."""
    if model is MdocGlobalData:
        return repr(MdocGlobalData(**dict(pairs))) == repr(own)
    return repr(MdocSectionData.from_lines([f"{key} = {value}" for key, value in pairs])) == repr(own)
