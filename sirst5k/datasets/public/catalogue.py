"""What is known of each public dataset, as its own home page says it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PublicDataset:
    """A dataset that others publish.

    Attributes
    ----------
    name : str
        What `get_dataset` calls it.
    title : str
        What papers call it.
    kind : {"images", "sequences"}
        Single frames with masks, or sequences.
    samples : int
        How many images, or key frames, it has.
    about : str
        What is in it.
    paper : str
        Where it was introduced.
    home : str
        Its home page.
    licence : str
        The terms as stated there; nothing is read into silence.
    layout : str
        How it opens here, see `sirst5k.datasets.LAYOUTS`.
    url : str
        An archive that can be downloaded without a form; empty if there is none.
    sha256 : str
        Of that archive; empty where its owner may change it.
    steps : tuple of str
        What to do by hand where nothing can be downloaded directly.
    """

    name: str
    title: str
    kind: str
    samples: int
    about: str
    paper: str
    home: str
    licence: str
    layout: str
    url: str = ""
    sha256: str = ""
    steps: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.url and not self.steps:
            raise ValueError(f"{self.name} has neither an address nor steps to take by hand")


_NOT_STATED = "not stated on its home page: ask its authors before you pass it on"

# GitHub makes these archives when they are asked for, so that they have no lasting checksum.
_ENTRIES = (
    PublicDataset(
        "sirst-v1",
        "SIRST, also NUAA-SIRST",
        "images",
        427,
        "427 real frames of 135×96 to 456×388 pixels with masks and boxes; lists idx_427",
        "Dai et al., WACV 2021, arXiv:2009.14530",
        "https://github.com/YimianDai/sirst",
        _NOT_STATED,
        "sirst-v1",
        url="https://github.com/YimianDai/sirst/archive/HEAD.zip",
    ),
    PublicDataset(
        "sirst-v2",
        "SIRST-V2",
        "images",
        1024,
        "1,024 real frames up to 1918×1080 pixels with masks and boxes, half of them without "
        "target",
        "Dai et al., IEEE TGRS 2023 (One-Stage Cascade Refinement Networks)",
        "https://github.com/YimianDai/open-sirst-v2",
        _NOT_STATED,
        "sirst-v2",
        url="https://github.com/YimianDai/open-sirst-v2/archive/HEAD.zip",
    ),
    PublicDataset(
        "nudt-sirst",
        "NUDT-SIRST",
        "images",
        1327,
        "1,327 frames of 256×256 pixels, real backgrounds with synthetic targets, with masks",
        "Li et al., IEEE TIP 2023 (DNANet), arXiv:2106.00487",
        "https://github.com/YeRen123455/Infrared-Small-Target-Detection",
        _NOT_STATED,
        "dnanet",
        steps=(
            "Open https://drive.google.com/drive/folders/1YGoYaBi9dLwoTwoeTytEs5m-VeeCDXf7 in a "
            "browser and download the folder; Google packs it into a zip file.",
        ),
    ),
    PublicDataset(
        "irstd-1k",
        "IRSTD-1k",
        "images",
        1001,
        "1,001 real frames of 512×512 pixels with masks",
        "Zhang et al., CVPR 2022 (ISNet)",
        "https://github.com/RuiZhang97/ISNet",
        "MIT, as its home page says",
        "irstd1k",
        steps=(
            "Download it from https://drive.google.com/file/d/1QxUJrgBjzHbIFMXA-Cu9y56twzUTf-ZH "
            "in a browser, or from the Baidu drive that the home page names.",
        ),
    ),
    PublicDataset(
        "nust-sirst",
        "NUST-SIRST, also MDvsFA",
        "images",
        10_100,
        "10,000 synthetic training frames of 128×128 pixels and 100 real test frames, with masks",
        "Wang et al., ICCV 2019 (MDvsFA-cGAN)",
        "https://github.com/wanghuanphd/MDvsFA_cGAN",
        _NOT_STATED,
        "mdvsfa",
        steps=("Follow the home page to its folder data (training, test_org, test_gt).",),
    ),
    PublicDataset(
        "nudt-sirst-sea",
        "NUDT-SIRST-Sea",
        "images",
        5808,
        "tiny ships seen from space, with masks",
        "Wu et al., IEEE TGRS 2023 (MTU-Net), arXiv:2209.13756",
        "https://github.com/TianhaoWu16/"
        "Multi-level-TransUNet-for-Space-based-Infrared-Tiny-ship-Detection",
        _NOT_STATED,
        "nudt-sirst-sea",
        steps=("Download it from https://pan.baidu.com/s/1j4WdxjdSrdHdGwxEoYip7w (code gbhg).",),
    ),
    PublicDataset(
        "daub",
        "DAUB",
        "sequences",
        13_777,
        "17 sequences of 256×256 pixels with a box in each frame: 8,982 frames to train on and "
        "4,795 to test on, as SSTNet divides them",
        "Hui et al., Science Data Bank 2020",
        "https://www.scidb.cn/en/detail?dataSetId=720626420933459968",
        "see its page at the Science Data Bank",
        "seq-txt",
        steps=(
            "Download it at the home page (it asks for a registration).",
            "Put the list of SSTNet's repository (coco_train.txt, coco_val.txt) beside images/: "
            "https://github.com/UESTC-nnLab/SSTNet",
        ),
    ),
    PublicDataset(
        "irdst",
        "IRDST",
        "sequences",
        40_656,
        "85 real sequences with boxes: 20,398 frames to train on and 20,258 to test on, as SSTNet "
        "divides them; its simulated part has masks",
        "Sun et al., IEEE TGRS 2023 (RDIAN)",
        "https://xzbai.buaa.edu.cn/datasets.html",
        "see its home page",
        "seq-txt",
        steps=(
            "Download it at the home page.",
            "Put the list of SSTNet's repository beside images/: "
            "https://github.com/UESTC-nnLab/SSTNet",
        ),
    ),
    PublicDataset(
        "itsdt-15k",
        "ITSDT-15K",
        "sequences",
        15_000,
        "60 sequences of 250 frames with boxes: 10,000 frames to train on, 5,000 to test on",
        "Fu et al., Science Data Bank",
        "https://www.scidb.cn/en/detail?dataSetId=de971a1898774dc5921b68793817916e",
        "see its page at the Science Data Bank",
        "seq-txt",
        steps=(
            "Download it at the home page, or in STMENet's arrangement from "
            "https://drive.google.com/file/d/1nnlXK0QCoFqToOL-7WdRQCZfbGJvHLh2",
            "Its lists are in https://github.com/UESTC-nnLab/STME",
        ),
    ),
)
CATALOGUE: dict[str, PublicDataset] = {entry.name: entry for entry in _ENTRIES}
