"""What people do with the official client, against the address given: finds, and downloads into the folder given. Prints what it found as JSON."""
import json
import os
import sys

from cryoet_data_portal import Annotation, Client, Dataset, Run, TiltSeries, Tomogram

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
annotations[0].download(into("annotation"), "ndjson")
print(json.dumps({"run": run.s3_prefix, "spacing": tomogram.tomogram_voxel_spacing.s3_prefix, "mrc": tomogram.https_mrc_file, "annotations": len(annotations)}))
