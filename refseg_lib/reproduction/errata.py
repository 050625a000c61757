"""Where the papers contradict themselves or one another: shown below the tables concerned."""

ERRATA: dict[str, tuple[str, ...]] = {
    "busnet-1": (
        "The paper's text (§4.2) says that all splits gain 3.39 to 7.45 points; by its own table"
        " UNC+ testB gains 2.57 over NMTree.",
        "The row RMI is the one without CRF; the other papers quote the one with. DMN on UNC testA"
        " is 54.38 here and 54.83 elsewhere, BRINet on UNC+ testB 42.12 here and 42.13 elsewhere.",
    ),
    "cmpc-1": (
        "The paper's text (§4.2) says that all four data sets gain 1.40 to 2.82 points; by its own"
        " table UNC gains 1.32, 1.07 and 1.67.",
    ),
    "cmpc-3": (
        "n = 1 has the number of Table 2's row without GloVe, so that the whole table seems to be"
        " without.",
    ),
    "bilingual-2": (
        "The paper calls its cross-entropy weighted and prints an unweighted one; σ of its Eq. 8 is"
        " undefined, and the hidden size is given twice, differently.",
    ),
    "bilingual-4": (
        "The marks that say which row has which parts are lost in the text that we have: the rows"
        " are named by the numbers that the paper's text quotes.",
    ),
    "shnet-1": (
        "448x448 on UNC val is 65.32 here and in Table 4, 65.29 in Table 3.",
    ),
    "shnet-2": (
        "What the paper calls the length dimension of Conv3D is its depth.",
    ),
    "shnet-3": (
        "448x448 with DeepLabv3+ is 65.29 here, 65.32 in Tables 1 and 4.",
    ),
    "shnet-4": (
        "448x448 with HCAM is 65.32 here, 65.29 in Table 3.",
    ),
    "cmsa-1": (
        "RRN on UNC testB is 53.93 here and 53.95 elsewhere. The loss (Eq. 7) lacks its minus. The"
        " released model scores 39.96 without and 40.07 with CRF on G-Ref val; printed is 39.98.",
    ),
    "cmsa-3": (
        "All rows are printed with a dense CRF; RRN-CNN* is higher than in RRN's own paper.",
    ),
}  # fmt: skip
