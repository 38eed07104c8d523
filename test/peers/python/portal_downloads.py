"""What people do with the official client, against the address given: finds, and downloads into the folder given. Prints what it found as JSON."""
import json
import os
import sys

from cryoet_data_portal import Annotation, AnnotationFile, Client, Dataset, Run, TiltSeries, Tomogram

url, folder = sys.argv[1:]
client = Client(url)
dataset = Dataset.get_by_id(client, 10401)
run = Run.find(client, [Run.dataset_id == 10401, Run.name == "TS_0001"])[0]
tomogram = Tomogram.find(client, [Tomogram.run.name == run.name, Tomogram.voxel_spacing >= 5])[0]
series = TiltSeries.find(client, [TiltSeries.run_id == run.id])[0]
annotations = Annotation.find(client, [Annotation.run.dataset_id == 10401, Annotation.object_name.ilike("%ribo%")])


def into(name):
    path = os.path.join(folder, name)
    os.makedirs(path)
    return path


dataset.download_everything(into("dataset"))
run.download_everything(into("run"))
run.download_frames(into("frames"))
tomogram.tomogram_voxel_spacing.download_everything(into("spacing"))
tomogram.download_omezarr(into("omezarr"))
tomogram.download_mrcfile(into("mrc"))
tomogram.download_all_annotations(into("annotations"))
series.download_omezarr(into("series"))
series.download_mrcfile(into("series-mrc"))
series.download_angle_list(into("angles"))
tomogram.download_all_annotations(into("points"), format="ndjson", shape="Point")
points = [one for one in annotations if one.run_id == run.id][0]
points.download(into("annotation"), "ndjson")
points.download_metadata(into("metadata"))
mask = Annotation.find(client, [Annotation.run_id == run.id, Annotation.annotation_shapes.shape_type == "SegmentationMask"])[0]
mask.download(into("mask"), shape="SegmentationMask")
files = AnnotationFile.find(client, [AnnotationFile.annotation_shape.annotation.run.id == run.id])
for file in files:
    file.download(into(f"file-{file.id}"))
print(
    json.dumps(
        {
            "run": run.s3_prefix,
            "annotations": len(annotations),
            "metadata": points.s3_metadata_path,
            "mask": [mask.s3_metadata_path, *(file.s3_path for shape in mask.annotation_shapes for file in shape.annotation_files)],
            "points": [file.s3_path for file in files if file.annotation_shape.shape_type == "Point"],
            "files": {file.id: file.s3_path for file in files},
        }
    )
)
