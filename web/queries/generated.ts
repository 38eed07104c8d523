// Made by scripts/query-types.mjs from the queries beside it.
// biome-ignore-all format: made
/** The text of a query, with the types of its answer and its variables. */
export type Query<Result, Variables> = string & { readonly answers?: Result; readonly takes?: Variables };
/** A filter or an order, as the catalogue takes them. */
export type Input = Readonly<Record<string, unknown>>;

export interface AnnotationResult {
  readonly annotations: ReadonlyArray<{
    readonly id: number;
    readonly objectName: string;
    readonly objectId: string;
    readonly objectState: string | null;
    readonly objectDescription: string | null;
    readonly objectCount: number | null;
    readonly methodType: "manual" | "automated" | "hybrid" | "simulated";
    readonly annotationMethod: string;
    readonly annotationSoftware: string | null;
    readonly annotationPublication: string | null;
    readonly confidencePrecision: number | null;
    readonly confidenceRecall: number | null;
    readonly groundTruthStatus: boolean | null;
    readonly groundTruthUsed: string | null;
    readonly isCuratorRecommended: boolean | null;
    readonly depositionDate: string;
    readonly releaseDate: string;
    readonly lastModifiedDate: string;
    readonly s3MetadataPath: string;
    readonly deposition: {
      readonly id: number;
      readonly title: string;
    } | null;
    readonly tomogramVoxelSpacing: {
      readonly id: number;
      readonly voxelSpacing: number;
    } | null;
    readonly run: {
      readonly id: number;
      readonly name: string;
      readonly dataset: {
        readonly id: number;
        readonly title: string;
        readonly s3Prefix: string;
        readonly httpsPrefix: string;
      } | null;
      readonly tomograms: {
        readonly edges: ReadonlyArray<{
          readonly node: {
            readonly id: number;
            readonly processing: "denoised" | "filtered" | "raw" | "filtered_even" | "filtered_odd";
            readonly voxelSpacing: number;
            readonly alignmentId: number | null;
            readonly isVisualizationDefault: boolean | null;
            readonly tomogramVoxelSpacingId: number | null;
          };
        }>;
      };
    } | null;
    readonly authors: {
      readonly edges: ReadonlyArray<{
        readonly node: {
          readonly id: number;
          readonly name: string;
          readonly orcid: string | null;
          readonly affiliationName: string | null;
          readonly primaryAuthorStatus: boolean | null;
          readonly correspondingAuthorStatus: boolean | null;
        };
      }>;
    };
    readonly methodLinks: {
      readonly edges: ReadonlyArray<{
        readonly node: {
          readonly id: number;
          readonly linkType: "documentation" | "models_weights" | "other" | "source_code" | "website";
          readonly name: string | null;
          readonly link: string;
        };
      }>;
    };
    readonly annotationShapes: {
      readonly edges: ReadonlyArray<{
        readonly node: {
          readonly id: number;
          readonly shapeType: "SegmentationMask" | "OrientedPoint" | "Point" | "InstanceSegmentation" | "InstanceSegmentationMask" | "GlobalCaption" | "AnnotationCaption" | "Mesh" | null;
          readonly annotationFiles: {
            readonly edges: ReadonlyArray<{
              readonly node: {
                readonly id: number;
                readonly format: string;
                readonly s3Path: string;
                readonly fileSize: number | null;
                readonly source: "dataset_author" | "community" | "portal_standard" | null;
                readonly alignmentId: number | null;
                readonly isVisualizationDefault: boolean | null;
              };
            }>;
          };
        };
      }>;
    };
  }>;
}
export const annotationQuery = "query annotation($id:Int!){annotations(where:{id:{_eq:$id}}limitOffset:{limit:1}){id objectName objectId objectState objectDescription objectCount methodType annotationMethod annotationSoftware annotationPublication confidencePrecision confidenceRecall groundTruthStatus groundTruthUsed isCuratorRecommended depositionDate releaseDate lastModifiedDate s3MetadataPath deposition{id title}tomogramVoxelSpacing{id voxelSpacing}run{id name dataset{id title s3Prefix httpsPrefix}tomograms(first:100 orderBy:{id:asc}){edges{node{id processing voxelSpacing alignmentId isVisualizationDefault tomogramVoxelSpacingId}}}}authors(first:100 orderBy:[{authorListOrder:asc}]){edges{node{id name orcid affiliationName primaryAuthorStatus correspondingAuthorStatus}}}methodLinks(first:20 orderBy:{id:asc}){edges{node{id linkType name link}}}annotationShapes(first:10 orderBy:{id:asc}){edges{node{id shapeType annotationFiles(first:10 orderBy:{id:asc}){edges{node{id format s3Path fileSize source alignmentId isVisualizationDefault}}}}}}}}" as Query<AnnotationResult, { id: number }>;

export interface AnnotationsResult {
  readonly annotations: ReadonlyArray<{
    readonly id: number;
    readonly objectName: string;
    readonly objectId: string;
    readonly objectCount: number | null;
    readonly methodType: "manual" | "automated" | "hybrid" | "simulated";
    readonly annotationMethod: string;
    readonly annotationSoftware: string | null;
    readonly confidencePrecision: number | null;
    readonly confidenceRecall: number | null;
    readonly groundTruthStatus: boolean | null;
    readonly depositionId: number | null;
    readonly run: {
      readonly id: number;
      readonly name: string;
      readonly dataset: {
        readonly id: number;
      } | null;
    } | null;
    readonly annotationShapes: {
      readonly edges: ReadonlyArray<{
        readonly node: {
          readonly shapeType: "SegmentationMask" | "OrientedPoint" | "Point" | "InstanceSegmentation" | "InstanceSegmentationMask" | "GlobalCaption" | "AnnotationCaption" | "Mesh" | null;
          readonly annotationFiles: {
            readonly edges: ReadonlyArray<{
              readonly node: {
                readonly alignmentId: number | null;
              };
            }>;
          };
        };
      }>;
    };
  }>;
}
export const annotationsQuery = "query annotations($where:AnnotationWhereClause$orderBy:[AnnotationOrderByClause!]$offset:Int!$limit:Int!){annotations(where:$where orderBy:$orderBy limitOffset:{limit:$limit offset:$offset}){id objectName objectId objectCount methodType annotationMethod annotationSoftware confidencePrecision confidenceRecall groundTruthStatus depositionId run{id name dataset{id}}annotationShapes(first:5 orderBy:[{id:asc}]){edges{node{shapeType annotationFiles(first:1 orderBy:[{id:asc}]){edges{node{alignmentId}}}}}}}}" as Query<AnnotationsResult, { where?: Input | null; orderBy?: ReadonlyArray<Input> | null; offset: number; limit: number }>;

export interface CountAnnotationsResult {
  readonly annotationsAggregate: {
    readonly aggregate: ReadonlyArray<{
      readonly count: number | null;
    }> | null;
  };
}
export const countAnnotationsQuery = "query countAnnotations($where:AnnotationWhereClause){annotationsAggregate(where:$where){aggregate{count}}}" as Query<CountAnnotationsResult, { where?: Input | null }>;

export interface CountDatasetsResult {
  readonly datasetsAggregate: {
    readonly aggregate: ReadonlyArray<{
      readonly count: number | null;
    }> | null;
  };
}
export const countDatasetsQuery = "query countDatasets($where:DatasetWhereClause){datasetsAggregate(where:$where){aggregate{count}}}" as Query<CountDatasetsResult, { where?: Input | null }>;

export interface CountDepositionsResult {
  readonly depositionsAggregate: {
    readonly aggregate: ReadonlyArray<{
      readonly count: number | null;
    }> | null;
  };
}
export const countDepositionsQuery = "query countDepositions($where:DepositionWhereClause){depositionsAggregate(where:$where){aggregate{count}}}" as Query<CountDepositionsResult, { where?: Input | null }>;

export interface CountRunsResult {
  readonly runsAggregate: {
    readonly aggregate: ReadonlyArray<{
      readonly count: number | null;
    }> | null;
  };
}
export const countRunsQuery = "query countRuns($where:RunWhereClause){runsAggregate(where:$where){aggregate{count}}}" as Query<CountRunsResult, { where?: Input | null }>;

export interface DatasetContentsResult {
  readonly tomogramsAggregate: {
    readonly aggregate: ReadonlyArray<{
      readonly count: number | null;
      readonly groupBy: {
        readonly voxelSpacing: number | null;
        readonly run: {
          readonly dataset: {
            readonly id: number | null;
          } | null;
        } | null;
      } | null;
    }> | null;
  };
  readonly annotationsAggregate: {
    readonly aggregate: ReadonlyArray<{
      readonly count: number | null;
      readonly groupBy: {
        readonly objectName: string | null;
        readonly run: {
          readonly dataset: {
            readonly id: number | null;
          } | null;
        } | null;
      } | null;
    }> | null;
  };
}
export const datasetContentsQuery = "query datasetContents($ids:[Int!]!){tomogramsAggregate(where:{run:{datasetId:{_in:$ids}}}){aggregate{count groupBy{voxelSpacing run{dataset{id}}}}}annotationsAggregate(where:{run:{datasetId:{_in:$ids}}}){aggregate{count groupBy{objectName run{dataset{id}}}}}}" as Query<DatasetContentsResult, { ids: ReadonlyArray<number> }>;

export interface DatasetResult {
  readonly datasets: ReadonlyArray<{
    readonly id: number;
    readonly title: string;
    readonly description: string;
    readonly organismName: string | null;
    readonly organismTaxid: number | null;
    readonly tissueName: string | null;
    readonly tissueId: string | null;
    readonly cellName: string | null;
    readonly cellTypeId: string | null;
    readonly cellStrainName: string | null;
    readonly cellStrainId: string | null;
    readonly cellComponentName: string | null;
    readonly cellComponentId: string | null;
    readonly sampleType: "cell" | "cell_line" | "in_silico" | "in_vitro" | "organelle" | "organism" | "organoid" | "other" | "primary_cell_culture" | "tissue" | "virus" | null;
    readonly samplePreparation: string | null;
    readonly gridPreparation: string | null;
    readonly otherSetup: string | null;
    readonly diseaseName: string | null;
    readonly developmentStageName: string | null;
    readonly assayLabel: string | null;
    readonly keyPhotoUrl: string | null;
    readonly keyPhotoThumbnailUrl: string | null;
    readonly depositionDate: string;
    readonly releaseDate: string;
    readonly lastModifiedDate: string;
    readonly datasetPublications: string | null;
    readonly relatedDatabaseEntries: string | null;
    readonly s3Prefix: string;
    readonly httpsPrefix: string;
    readonly fileSize: number | null;
    readonly deposition: {
      readonly id: number;
      readonly title: string;
    } | null;
    readonly authors: {
      readonly edges: ReadonlyArray<{
        readonly node: {
          readonly id: number;
          readonly name: string;
          readonly orcid: string | null;
          readonly affiliationName: string | null;
          readonly primaryAuthorStatus: boolean | null;
          readonly correspondingAuthorStatus: boolean | null;
        };
      }>;
    };
    readonly fundingSources: {
      readonly edges: ReadonlyArray<{
        readonly node: {
          readonly id: number;
          readonly fundingAgencyName: string | null;
          readonly grantId: string | null;
        };
      }>;
    };
    readonly runsAggregate: {
      readonly aggregate: ReadonlyArray<{
        readonly count: number | null;
      }> | null;
    } | null;
  }>;
}
export const datasetQuery = "query dataset($id:Int!){datasets(where:{id:{_eq:$id}}limitOffset:{limit:1}){id title description organismName organismTaxid tissueName tissueId cellName cellTypeId cellStrainName cellStrainId cellComponentName cellComponentId sampleType samplePreparation gridPreparation otherSetup diseaseName developmentStageName assayLabel keyPhotoUrl keyPhotoThumbnailUrl depositionDate releaseDate lastModifiedDate datasetPublications relatedDatabaseEntries s3Prefix httpsPrefix fileSize deposition{id title}authors(first:100 orderBy:[{authorListOrder:asc}]){edges{node{id name orcid affiliationName primaryAuthorStatus correspondingAuthorStatus}}}fundingSources(first:50 orderBy:{id:asc}){edges{node{id fundingAgencyName grantId}}}runsAggregate{aggregate{count}}}}" as Query<DatasetResult, { id: number }>;

export interface DatasetsSizeResult {
  readonly datasetsAggregate: {
    readonly aggregate: ReadonlyArray<{
      readonly sum: {
        readonly fileSize: number | null;
      } | null;
    }> | null;
  };
}
export const datasetsSizeQuery = "query datasetsSize($where:DatasetWhereClause){datasetsAggregate(where:$where){aggregate{sum{fileSize}}}}" as Query<DatasetsSizeResult, { where?: Input | null }>;

export interface DatasetsResult {
  readonly datasets: ReadonlyArray<{
    readonly id: number;
    readonly title: string;
    readonly organismName: string | null;
    readonly releaseDate: string;
    readonly fileSize: number | null;
    readonly keyPhotoUrl: string | null;
    readonly keyPhotoThumbnailUrl: string | null;
    readonly runsAggregate: {
      readonly aggregate: ReadonlyArray<{
        readonly count: number | null;
      }> | null;
    } | null;
    readonly authors: {
      readonly edges: ReadonlyArray<{
        readonly node: {
          readonly name: string;
        };
      }>;
    };
  }>;
}
export const datasetsQuery = "query datasets($where:DatasetWhereClause$orderBy:[DatasetOrderByClause!]$offset:Int!$limit:Int!){datasets(where:$where orderBy:$orderBy limitOffset:{limit:$limit offset:$offset}){id title organismName releaseDate fileSize keyPhotoUrl keyPhotoThumbnailUrl runsAggregate{aggregate{count}}authors(first:3 orderBy:[{authorListOrder:asc}]){edges{node{name}}}}}" as Query<DatasetsResult, { where?: Input | null; orderBy?: ReadonlyArray<Input> | null; offset: number; limit: number }>;

export interface DepositionResult {
  readonly depositions: ReadonlyArray<{
    readonly id: number;
    readonly title: string;
    readonly description: string;
    readonly depositionDate: string;
    readonly releaseDate: string;
    readonly lastModifiedDate: string;
    readonly depositionPublications: string | null;
    readonly relatedDatabaseEntries: string | null;
    readonly keyPhotoUrl: string | null;
    readonly keyPhotoThumbnailUrl: string | null;
    readonly authors: {
      readonly edges: ReadonlyArray<{
        readonly node: {
          readonly id: number;
          readonly name: string;
          readonly orcid: string | null;
          readonly affiliationName: string | null;
          readonly primaryAuthorStatus: boolean | null;
          readonly correspondingAuthorStatus: boolean | null;
        };
      }>;
    };
    readonly depositionTypes: {
      readonly edges: ReadonlyArray<{
        readonly node: {
          readonly id: number;
          readonly type: "annotation" | "dataset" | "tomogram" | null;
        };
      }>;
    };
    readonly datasetsAggregate: {
      readonly aggregate: ReadonlyArray<{
        readonly count: number | null;
      }> | null;
    } | null;
  }>;
  readonly annotated: {
    readonly aggregate: ReadonlyArray<{
      readonly count: number | null;
      readonly groupBy: {
        readonly objectName: string | null;
        readonly run: {
          readonly dataset: {
            readonly id: number | null;
            readonly title: string | null;
          } | null;
        } | null;
      } | null;
    }> | null;
  };
  readonly reconstructed: {
    readonly aggregate: ReadonlyArray<{
      readonly count: number | null;
      readonly groupBy: {
        readonly run: {
          readonly dataset: {
            readonly id: number | null;
            readonly title: string | null;
          } | null;
        } | null;
      } | null;
    }> | null;
  };
  readonly datasets: ReadonlyArray<{
    readonly id: number;
    readonly title: string;
    readonly organismName: string | null;
    readonly s3Prefix: string;
    readonly httpsPrefix: string;
    readonly keyPhotoThumbnailUrl: string | null;
    readonly runsAggregate: {
      readonly aggregate: ReadonlyArray<{
        readonly count: number | null;
      }> | null;
    } | null;
  }>;
}
export const depositionQuery = "query deposition($id:Int!){depositions(where:{id:{_eq:$id}}limitOffset:{limit:1}){id title description depositionDate releaseDate lastModifiedDate depositionPublications relatedDatabaseEntries keyPhotoUrl keyPhotoThumbnailUrl authors(first:100 orderBy:[{authorListOrder:asc}]){edges{node{id name orcid affiliationName primaryAuthorStatus correspondingAuthorStatus}}}depositionTypes(first:10 orderBy:{id:asc}){edges{node{id type}}}datasetsAggregate{aggregate{count}}}annotated:annotationsAggregate(where:{depositionId:{_eq:$id}}){aggregate{count groupBy{objectName run{dataset{id title}}}}}reconstructed:tomogramsAggregate(where:{depositionId:{_eq:$id}}){aggregate{count groupBy{run{dataset{id title}}}}}datasets(where:{depositionId:{_eq:$id}}orderBy:{id:asc}limitOffset:{limit:200}){id title organismName s3Prefix httpsPrefix keyPhotoThumbnailUrl runsAggregate{aggregate{count}}}}" as Query<DepositionResult, { id: number }>;

export interface DepositionsResult {
  readonly depositions: ReadonlyArray<{
    readonly id: number;
    readonly title: string;
    readonly depositionDate: string;
    readonly releaseDate: string;
    readonly keyPhotoUrl: string | null;
    readonly keyPhotoThumbnailUrl: string | null;
    readonly authors: {
      readonly edges: ReadonlyArray<{
        readonly node: {
          readonly name: string;
        };
      }>;
    };
    readonly depositionTypes: {
      readonly edges: ReadonlyArray<{
        readonly node: {
          readonly type: "annotation" | "dataset" | "tomogram" | null;
        };
      }>;
    };
    readonly datasetsAggregate: {
      readonly aggregate: ReadonlyArray<{
        readonly count: number | null;
      }> | null;
    } | null;
    readonly tomogramsAggregate: {
      readonly aggregate: ReadonlyArray<{
        readonly count: number | null;
      }> | null;
    } | null;
    readonly annotationsAggregate: {
      readonly aggregate: ReadonlyArray<{
        readonly count: number | null;
      }> | null;
    } | null;
  }>;
}
export const depositionsQuery = "query depositions($where:DepositionWhereClause$orderBy:[DepositionOrderByClause!]$offset:Int!$limit:Int!){depositions(where:$where orderBy:$orderBy limitOffset:{limit:$limit offset:$offset}){id title depositionDate releaseDate keyPhotoUrl keyPhotoThumbnailUrl authors(first:3 orderBy:[{authorListOrder:asc}]){edges{node{name}}}depositionTypes(first:5 orderBy:[{id:asc}]){edges{node{type}}}datasetsAggregate{aggregate{count}}tomogramsAggregate{aggregate{count}}annotationsAggregate{aggregate{count}}}}" as Query<DepositionsResult, { where?: Input | null; orderBy?: ReadonlyArray<Input> | null; offset: number; limit: number }>;

export interface NearIdsResult {
  readonly datasets1: ReadonlyArray<{
    readonly id: number;
    readonly title: string;
  }>;
  readonly datasets2: ReadonlyArray<{
    readonly id: number;
    readonly title: string;
  }>;
  readonly runs1: ReadonlyArray<{
    readonly id: number;
    readonly title: string;
  }>;
  readonly runs2: ReadonlyArray<{
    readonly id: number;
    readonly title: string;
  }>;
  readonly depositions1: ReadonlyArray<{
    readonly id: number;
    readonly title: string;
  }>;
  readonly depositions2: ReadonlyArray<{
    readonly id: number;
    readonly title: string;
  }>;
  readonly annotations1: ReadonlyArray<{
    readonly id: number;
    readonly title: string;
  }>;
  readonly annotations2: ReadonlyArray<{
    readonly id: number;
    readonly title: string;
  }>;
}
export const nearIdsQuery = "query nearIds($id:Int!$datasets:Boolean!$runs:Boolean!$depositions:Boolean!$annotations:Boolean!){datasets1:datasets(where:{id:{_lt:$id}}orderBy:{id:desc}limitOffset:{limit:2})@include(if:$datasets){id title}datasets2:datasets(where:{id:{_gt:$id}}orderBy:{id:asc}limitOffset:{limit:2})@include(if:$datasets){id title}runs1:runs(where:{id:{_lt:$id}}orderBy:{id:desc}limitOffset:{limit:2})@include(if:$runs){id title:name}runs2:runs(where:{id:{_gt:$id}}orderBy:{id:asc}limitOffset:{limit:2})@include(if:$runs){id title:name}depositions1:depositions(where:{id:{_lt:$id}}orderBy:{id:desc}limitOffset:{limit:2})@include(if:$depositions){id title}depositions2:depositions(where:{id:{_gt:$id}}orderBy:{id:asc}limitOffset:{limit:2})@include(if:$depositions){id title}annotations1:annotations(where:{id:{_lt:$id}}orderBy:{id:desc}limitOffset:{limit:2})@include(if:$annotations){id title:objectName}annotations2:annotations(where:{id:{_gt:$id}}orderBy:{id:asc}limitOffset:{limit:2})@include(if:$annotations){id title:objectName}}" as Query<NearIdsResult, { id: number; datasets: boolean; runs: boolean; depositions: boolean; annotations: boolean }>;

export interface RunAnnotationsResult {
  readonly annotations: ReadonlyArray<{
    readonly id: number;
    readonly objectName: string;
    readonly objectId: string;
    readonly objectState: string | null;
    readonly objectCount: number | null;
    readonly methodType: "manual" | "automated" | "hybrid" | "simulated";
    readonly annotationSoftware: string | null;
    readonly confidencePrecision: number | null;
    readonly confidenceRecall: number | null;
    readonly groundTruthStatus: boolean | null;
    readonly isCuratorRecommended: boolean | null;
    readonly depositionId: number | null;
    readonly tomogramVoxelSpacingId: number | null;
    readonly annotationShapes: {
      readonly edges: ReadonlyArray<{
        readonly node: {
          readonly id: number;
          readonly shapeType: "SegmentationMask" | "OrientedPoint" | "Point" | "InstanceSegmentation" | "InstanceSegmentationMask" | "GlobalCaption" | "AnnotationCaption" | "Mesh" | null;
          readonly annotationFiles: {
            readonly edges: ReadonlyArray<{
              readonly node: {
                readonly id: number;
                readonly format: string;
                readonly s3Path: string;
                readonly fileSize: number | null;
                readonly alignmentId: number | null;
                readonly isVisualizationDefault: boolean | null;
              };
            }>;
          };
        };
      }>;
    };
  }>;
}
export const runAnnotationsQuery = "query runAnnotations($id:Int!$offset:Int!){annotations(where:{runId:{_eq:$id}}orderBy:[{objectName:asc}{id:asc}]limitOffset:{limit:100 offset:$offset}){id objectName objectId objectState objectCount methodType annotationSoftware confidencePrecision confidenceRecall groundTruthStatus isCuratorRecommended depositionId tomogramVoxelSpacingId annotationShapes(first:10 orderBy:{id:asc}){edges{node{id shapeType annotationFiles(first:5 orderBy:{id:asc}){edges{node{id format s3Path fileSize alignmentId isVisualizationDefault}}}}}}}}" as Query<RunAnnotationsResult, { id: number; offset: number }>;

export interface RunBesideResult {
  readonly before: ReadonlyArray<{
    readonly id: number;
  }>;
  readonly after: ReadonlyArray<{
    readonly id: number;
  }>;
  readonly countBefore: {
    readonly aggregate: ReadonlyArray<{
      readonly count: number | null;
    }> | null;
  };
  readonly countAll: {
    readonly aggregate: ReadonlyArray<{
      readonly count: number | null;
    }> | null;
  };
}
export const runBesideQuery = "query runBeside($datasetId:Int!$id:Int!){before:runs(where:{datasetId:{_eq:$datasetId}id:{_lt:$id}}orderBy:{id:desc}limitOffset:{limit:1}){id}after:runs(where:{datasetId:{_eq:$datasetId}id:{_gt:$id}}orderBy:{id:asc}limitOffset:{limit:1}){id}countBefore:runsAggregate(where:{datasetId:{_eq:$datasetId}id:{_lt:$id}}){aggregate{count}}countAll:runsAggregate(where:{datasetId:{_eq:$datasetId}}){aggregate{count}}}" as Query<RunBesideResult, { datasetId: number; id: number }>;

export interface RunNumbersResult {
  readonly runs: ReadonlyArray<{
    readonly id: number;
  }>;
}
export const runNumbersQuery = "query runNumbers($where:RunWhereClause$orderBy:[RunOrderByClause!]$offset:Int!$limit:Int!){runs(where:$where orderBy:$orderBy limitOffset:{limit:$limit offset:$offset}){id}}" as Query<RunNumbersResult, { where?: Input | null; orderBy?: ReadonlyArray<Input> | null; offset: number; limit: number }>;

export interface RunSectionsResult {
  readonly frames: ReadonlyArray<{
    readonly id: number;
    readonly acquisitionOrder: number | null;
    readonly accumulatedDose: number | null;
    readonly exposureDose: number | null;
    readonly isGainCorrected: boolean | null;
    readonly s3FramePath: string | null;
    readonly fileSize: number | null;
  }>;
  readonly perSectionParameters: ReadonlyArray<{
    readonly id: number;
    readonly frameId: number;
    readonly tiltseriesId: number;
    readonly zIndex: number;
    readonly rawAngle: number;
    readonly majorDefocus: number | null;
    readonly minorDefocus: number | null;
    readonly astigmaticAngle: number | null;
    readonly maxResolution: number | null;
    readonly phaseShift: number | null;
  }>;
}
export const runSectionsQuery = "query runSections($id:Int!){frames(where:{runId:{_eq:$id}}orderBy:[{acquisitionOrder:asc}{id:asc}]limitOffset:{limit:1000}){id acquisitionOrder accumulatedDose exposureDose isGainCorrected s3FramePath fileSize}perSectionParameters(where:{runId:{_eq:$id}}orderBy:[{tiltseries:{id:asc}}{zIndex:asc}]limitOffset:{limit:1000}){id frameId tiltseriesId zIndex rawAngle majorDefocus minorDefocus astigmaticAngle maxResolution phaseShift}}" as Query<RunSectionsResult, { id: number }>;

export interface RunResult {
  readonly runs: ReadonlyArray<{
    readonly id: number;
    readonly name: string;
    readonly s3Prefix: string;
    readonly dataset: {
      readonly id: number;
      readonly title: string;
      readonly s3Prefix: string;
      readonly httpsPrefix: string;
      readonly organismName: string | null;
    } | null;
    readonly tomograms: {
      readonly pageInfo: {
        readonly hasNextPage: boolean;
      };
      readonly edges: ReadonlyArray<{
        readonly node: {
          readonly id: number;
          readonly name: string | null;
          readonly sizeX: number;
          readonly sizeY: number;
          readonly sizeZ: number;
          readonly voxelSpacing: number;
          readonly offsetX: number;
          readonly offsetY: number;
          readonly offsetZ: number;
          readonly processing: "denoised" | "filtered" | "raw" | "filtered_even" | "filtered_odd";
          readonly processingSoftware: string | null;
          readonly reconstructionMethod: "SART" | "Fourier_Space" | "SIRT" | "WBP" | "Unknown";
          readonly reconstructionSoftware: string;
          readonly fiducialAlignmentStatus: "FIDUCIAL" | "NON_FIDUCIAL";
          readonly ctfCorrected: boolean | null;
          readonly isVisualizationDefault: boolean | null;
          readonly isAuthorSubmitted: boolean | null;
          readonly keyPhotoThumbnailUrl: string | null;
          readonly s3MrcFile: string | null;
          readonly s3OmezarrDir: string | null;
          readonly fileSizeMrc: number | null;
          readonly fileSizeOmezarr: number | null;
          readonly alignmentId: number | null;
          readonly depositionId: number;
          readonly tomogramVoxelSpacing: {
            readonly id: number;
            readonly s3Prefix: string;
          } | null;
        };
      }>;
    };
    readonly tiltseries: {
      readonly edges: ReadonlyArray<{
        readonly node: {
          readonly id: number;
          readonly sizeX: number | null;
          readonly sizeY: number | null;
          readonly sizeZ: number | null;
          readonly pixelSpacing: number;
          readonly tiltMin: number;
          readonly tiltMax: number;
          readonly tiltStep: number;
          readonly tiltAxis: number;
          readonly tiltingScheme: string;
          readonly totalFlux: number;
          readonly tiltSeriesQuality: number;
          readonly accelerationVoltage: number;
          readonly microscopeManufacturer: "FEI" | "TFS" | "JEOL" | "SIMULATED";
          readonly microscopeModel: string;
          readonly microscopeEnergyFilter: string;
          readonly cameraManufacturer: string;
          readonly cameraModel: string;
          readonly dataAcquisitionSoftware: string;
          readonly isAligned: boolean;
          readonly s3MrcFile: string | null;
          readonly s3OmezarrDir: string | null;
          readonly s3AngleList: string | null;
          readonly fileSizeMrc: number | null;
          readonly fileSizeOmezarr: number | null;
        };
      }>;
    };
    readonly alignments: {
      readonly edges: ReadonlyArray<{
        readonly node: {
          readonly id: number;
          readonly alignmentType: "LOCAL" | "GLOBAL" | null;
          readonly alignmentMethod: "projection_matching" | "patch_tracking" | "fiducial_based" | "simulated" | null;
          readonly isPortalStandard: boolean | null;
          readonly tiltseriesId: number | null;
          readonly tiltOffset: number | null;
          readonly xRotationOffset: number | null;
          readonly volumeXDimension: number | null;
          readonly volumeYDimension: number | null;
          readonly volumeZDimension: number | null;
          readonly volumeXOffset: number | null;
          readonly volumeYOffset: number | null;
          readonly volumeZOffset: number | null;
          readonly affineTransformationMatrix: string | null;
          readonly s3AlignmentMetadata: string | null;
          readonly perSectionAlignmentsAggregate: {
            readonly aggregate: ReadonlyArray<{
              readonly count: number | null;
            }> | null;
          } | null;
        };
      }>;
    };
    readonly identifiedObjects: {
      readonly edges: ReadonlyArray<{
        readonly node: {
          readonly id: number;
          readonly objectId: string;
          readonly objectName: string;
        };
      }>;
    };
    readonly gainFiles: {
      readonly edges: ReadonlyArray<{
        readonly node: {
          readonly id: number;
          readonly s3FilePath: string;
        };
      }>;
    };
    readonly frameAcquisitionFiles: {
      readonly edges: ReadonlyArray<{
        readonly node: {
          readonly id: number;
          readonly s3MdocPath: string;
        };
      }>;
    };
    readonly annotationsAggregate: {
      readonly aggregate: ReadonlyArray<{
        readonly count: number | null;
      }> | null;
    } | null;
    readonly framesAggregate: {
      readonly aggregate: ReadonlyArray<{
        readonly count: number | null;
        readonly sum: {
          readonly exposureDose: number | null;
        } | null;
      }> | null;
    } | null;
  }>;
}
export const runQuery = "query run($id:Int!){runs(where:{id:{_eq:$id}}limitOffset:{limit:1}){id name s3Prefix dataset{id title s3Prefix httpsPrefix organismName}tomograms(first:100 orderBy:{id:asc}){pageInfo{hasNextPage}edges{node{id name sizeX sizeY sizeZ voxelSpacing offsetX offsetY offsetZ processing processingSoftware reconstructionMethod reconstructionSoftware fiducialAlignmentStatus ctfCorrected isVisualizationDefault isAuthorSubmitted keyPhotoThumbnailUrl s3MrcFile s3OmezarrDir fileSizeMrc fileSizeOmezarr alignmentId depositionId tomogramVoxelSpacing{id s3Prefix}}}}tiltseries(first:20 orderBy:{id:asc}){edges{node{id sizeX sizeY sizeZ pixelSpacing tiltMin tiltMax tiltStep tiltAxis tiltingScheme totalFlux tiltSeriesQuality accelerationVoltage microscopeManufacturer microscopeModel microscopeEnergyFilter cameraManufacturer cameraModel dataAcquisitionSoftware isAligned s3MrcFile s3OmezarrDir s3AngleList fileSizeMrc fileSizeOmezarr}}}alignments(first:20 orderBy:{id:asc}){edges{node{id alignmentType alignmentMethod isPortalStandard tiltseriesId tiltOffset xRotationOffset volumeXDimension volumeYDimension volumeZDimension volumeXOffset volumeYOffset volumeZOffset affineTransformationMatrix s3AlignmentMetadata perSectionAlignmentsAggregate{aggregate{count}}}}}identifiedObjects(first:100 orderBy:{id:asc}){edges{node{id objectId objectName}}}gainFiles(first:20){edges{node{id s3FilePath}}}frameAcquisitionFiles(first:20){edges{node{id s3MdocPath}}}annotationsAggregate{aggregate{count}}framesAggregate{aggregate{count sum{exposureDose}}}}}" as Query<RunResult, { id: number }>;

export interface RunsResult {
  readonly runs: ReadonlyArray<{
    readonly id: number;
    readonly name: string;
    readonly dataset: {
      readonly id: number;
      readonly title: string;
      readonly releaseDate: string;
    } | null;
    readonly tomograms: {
      readonly edges: ReadonlyArray<{
        readonly node: {
          readonly id: number;
          readonly keyPhotoUrl: string | null;
          readonly keyPhotoThumbnailUrl: string | null;
          readonly voxelSpacing: number;
          readonly sizeX: number;
          readonly sizeY: number;
          readonly sizeZ: number;
          readonly tomogramVoxelSpacing: {
            readonly voxelSpacing: number;
          } | null;
        };
      }>;
    };
    readonly tomogramsAggregate: {
      readonly aggregate: ReadonlyArray<{
        readonly count: number | null;
      }> | null;
    } | null;
    readonly tiltseries: {
      readonly edges: ReadonlyArray<{
        readonly node: {
          readonly tiltSeriesQuality: number;
          readonly tiltMin: number;
          readonly tiltMax: number;
          readonly pixelSpacing: number;
        };
      }>;
    };
    readonly annotationsAggregate: {
      readonly aggregate: ReadonlyArray<{
        readonly count: number | null;
      }> | null;
    } | null;
  }>;
}
export const runsQuery = "query runs($where:RunWhereClause$orderBy:[RunOrderByClause!]$offset:Int!$limit:Int!){runs(where:$where orderBy:$orderBy limitOffset:{limit:$limit offset:$offset}){id name dataset{id title releaseDate}tomograms(first:1 where:{isVisualizationDefault:{_eq:true}}orderBy:[{id:asc}]){edges{node{id keyPhotoUrl keyPhotoThumbnailUrl voxelSpacing sizeX sizeY sizeZ tomogramVoxelSpacing{voxelSpacing}}}}tomogramsAggregate{aggregate{count}}tiltseries(first:1 orderBy:[{id:asc}]){edges{node{tiltSeriesQuality tiltMin tiltMax pixelSpacing}}}annotationsAggregate{aggregate{count}}}}" as Query<RunsResult, { where?: Input | null; orderBy?: ReadonlyArray<Input> | null; offset: number; limit: number }>;

export interface SelectedAnnotationsResult {
  readonly annotations: ReadonlyArray<{
    readonly id: number;
    readonly objectName: string;
    readonly run: {
      readonly dataset: {
        readonly id: number;
        readonly s3Prefix: string;
        readonly httpsPrefix: string;
      } | null;
    } | null;
    readonly annotationShapes: {
      readonly edges: ReadonlyArray<{
        readonly node: {
          readonly annotationFiles: {
            readonly edges: ReadonlyArray<{
              readonly node: {
                readonly id: number;
                readonly format: string;
                readonly s3Path: string;
                readonly fileSize: number | null;
              };
            }>;
          };
        };
      }>;
    };
  }>;
}
export const selectedAnnotationsQuery = "query selectedAnnotations($ids:[Int!]!$limit:Int!){annotations(where:{id:{_in:$ids}}orderBy:[{id:asc}]limitOffset:{limit:$limit}){id objectName run{dataset{id s3Prefix httpsPrefix}}annotationShapes(first:10 orderBy:[{id:asc}]){edges{node{annotationFiles(first:10 orderBy:[{id:asc}]){edges{node{id format s3Path fileSize}}}}}}}}" as Query<SelectedAnnotationsResult, { ids: ReadonlyArray<number>; limit: number }>;

export interface SelectedRunsResult {
  readonly runs: ReadonlyArray<{
    readonly id: number;
    readonly name: string;
    readonly s3Prefix: string;
    readonly dataset: {
      readonly id: number;
      readonly s3Prefix: string;
      readonly httpsPrefix: string;
    } | null;
  }>;
}
export const selectedRunsQuery = "query selectedRuns($ids:[Int!]!$limit:Int!){runs(where:{id:{_in:$ids}}orderBy:[{id:asc}]limitOffset:{limit:$limit}){id name s3Prefix dataset{id s3Prefix httpsPrefix}}}" as Query<SelectedRunsResult, { ids: ReadonlyArray<number>; limit: number }>;

export interface TomogramsOfRunsResult {
  readonly tomograms: ReadonlyArray<{
    readonly id: number;
    readonly processing: "denoised" | "filtered" | "raw" | "filtered_even" | "filtered_odd";
    readonly reconstructionMethod: "SART" | "Fourier_Space" | "SIRT" | "WBP" | "Unknown";
    readonly voxelSpacing: number;
    readonly run: {
      readonly name: string;
      readonly datasetId: number;
    } | null;
  }>;
}
export const tomogramsOfRunsQuery = "query tomogramsOfRuns($name:String!$not:Int!){tomograms(where:{id:{_neq:$not}run:{name:{_ilike:$name}}}orderBy:[{run:{name:asc}}{id:asc}]limitOffset:{limit:30}){id processing reconstructionMethod voxelSpacing run{name datasetId}}}" as Query<TomogramsOfRunsResult, { name: string; not: number }>;

export interface ViewTiltseriesResult {
  readonly tiltseries: ReadonlyArray<{
    readonly tiltAxis: number;
    readonly run: {
      readonly id: number;
      readonly name: string;
      readonly dataset: {
        readonly id: number;
        readonly title: string;
      } | null;
    } | null;
  }>;
}
export const viewTiltseriesQuery = "query viewTiltseries($id:Int!){tiltseries(where:{id:{_eq:$id}}limitOffset:{limit:1}){tiltAxis run{id name dataset{id title}}}}" as Query<ViewTiltseriesResult, { id: number }>;

export interface ViewTomogramResult {
  readonly tomograms: ReadonlyArray<{
    readonly run: {
      readonly id: number;
      readonly name: string;
      readonly dataset: {
        readonly id: number;
        readonly title: string;
      } | null;
      readonly tomograms: {
        readonly edges: ReadonlyArray<{
          readonly node: {
            readonly id: number;
            readonly name: string | null;
            readonly processing: "denoised" | "filtered" | "raw" | "filtered_even" | "filtered_odd";
            readonly reconstructionMethod: "SART" | "Fourier_Space" | "SIRT" | "WBP" | "Unknown";
            readonly voxelSpacing: number;
          };
        }>;
      };
    } | null;
  }>;
}
export const viewTomogramQuery = "query viewTomogram($id:Int!){tomograms(where:{id:{_eq:$id}}limitOffset:{limit:1}){run{id name dataset{id title}tomograms(first:50 orderBy:[{id:asc}]){edges{node{id name processing reconstructionMethod voxelSpacing}}}}}}" as Query<ViewTomogramResult, { id: number }>;
