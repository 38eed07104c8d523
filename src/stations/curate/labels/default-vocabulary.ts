/** The built-in vocabulary. `curate labels --show-vocabulary` prints it as a template. */
export const DEFAULT_VOCABULARY = `# What models of an archive are called, and what that means.
#
# labels:
#   name      how the label is written in tables and pictures
#   aliases   other names of the same thing; capitals never matter, and numbers behind a name (MS2, MS_2) belong to it
#   meaning   what is annotated
#   ontology  an identifier of GO, CHEBI, UBERON, ..., where there is one
#   status    known (default), or unresolved: the laboratory uses the word and nobody has written down what for
#   note      for people
# compounds:  words that names are composed of: MSCP is MS + C + P. A compound is a label of its own
# automatic:  names, with * for any text, of models that programs make and that are no annotations
#
# A vocabulary file of your own adds to this one; a label of the same name replaces it.
labels:
  - name: MS
    meaning: MS ring of the bacterial flagellar motor
    ontology: GO:0009431
  - name: MSC
    meaning: MS ring and C ring
  - name: MSCP
    meaning: MS ring, C ring and P ring
  - name: C
    meaning: C ring of the bacterial flagellar motor
    ontology: GO:0120107
  - name: P
    meaning: P ring of the bacterial flagellar motor
    ontology: GO:0009428
  - name: rod
    meaning: rod of the bacterial flagellar motor
    ontology: GO:0030694
  - name: FM
    meaning: full motor
    ontology: GO:0120100
  - name: hat
    meaning: hat-like structure
  - name: hat2
    meaning: hat-like structure, second set
  - name: hat3
    meaning: hat-like structure, third set
  - name: T4P
    meaning: type IV pilus
    ontology: GO:0044096
  - name: pili
    aliases: [pilus]
    meaning: pili
    ontology: GO:0009289
  - name: TP
    status: unresolved
    note: defined in a sheet of the laboratory only
  - name: PL
    status: unresolved
    note: defined in a sheet of the laboratory only
  - name: MK
    status: unresolved
    note: defined in a sheet of the laboratory only
compounds:
  - name: MS
    meaning: MS ring
  - name: rod
    meaning: rod
  - name: C
    meaning: C ring
  - name: P
    meaning: P ring
automatic:
  - name: "*_peak"
    meaning: peaks of a template search
  - name: "peak*"
    meaning: peaks of a template search
  - name: "cluster*"
    meaning: fiducial markers that were aligned automatically
`;
