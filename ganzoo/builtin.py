"""What the core itself registers, through the same hooks as any plugin."""

from __future__ import annotations

from ganzoo.hookspecs import hookimpl
from ganzoo.registry import Register


@hookimpl
def register_networks(register: Register) -> None:
    register("unet", "ganzoo.nets.unet:UNet", summary="encoder-decoder with skip connections")
    register("patch", "ganzoo.nets.patch:PatchDiscriminator", summary="judges overlapping patches (PatchGAN)")
    register("pixel", "ganzoo.nets.patch:PixelDiscriminator", summary="judges each pixel by itself (1x1 PatchGAN)")
    mlp, convolutional = "ganzoo.nets.mlp", "ganzoo.nets.convolutional"
    register("mlp-generator", f"{mlp}:MLPGenerator", summary="perceptron: noise to pictures or points")
    register("mlp-discriminator", f"{mlp}:MLPDiscriminator", summary="perceptron: one logit a picture or point")
    register("conv-generator", f"{convolutional}:ConvolutionalGenerator", summary="transposed convolutions (DCGAN)")
    register("conv-discriminator", f"{convolutional}:ConvolutionalDiscriminator", summary="its mirror image, a critic")


@hookimpl
def register_loops(register: Register) -> None:
    register("adversarial", "ganzoo.adversarial:AdversarialLoop", summary="generator against discriminator")


@hookimpl
def register_losses(register: Register) -> None:
    register("non-saturating", "ganzoo.losses:NonSaturating", summary="cross-entropy; G maximises log D(fake)")
    register("minimax", "ganzoo.losses:Minimax", summary="cross-entropy; G minimises log(1 - D(fake))")
    register("lsgan", "ganzoo.losses:LeastSquares", summary="least squares, any label scheme")
    register("wasserstein", "ganzoo.losses:Wasserstein", summary="difference of means; wants a penalty or clipping")
    register("hinge", "ganzoo.losses:Hinge", summary="hinge on real and fake")
    register("relativistic", "ganzoo.losses:Relativistic", summary="softplus of the difference of pairs")


@hookimpl
def register_penalties(register: Register) -> None:
    register("none", "ganzoo.penalties:NoPenalty", summary="no penalty")
    register("gradient-penalty", "ganzoo.penalties:GradientPenalty", summary="unit gradient between real and fake")
    register("dragan", "ganzoo.penalties:Dragan", summary="unit gradient around real")
    register("r1", "ganzoo.penalties:R1", summary="small gradient at real")
    register("r2", "ganzoo.penalties:R2", summary="small gradient at fake")
    register("r1-r2", "ganzoo.penalties:R1R2", summary="small gradient at both")


@hookimpl
def register_data(register: Register) -> None:
    register("images", "ganzoo.data.folders:ImageFolder", summary="a folder of pictures")
    register("class-images", "ganzoo.data.folders:ClassFolders", summary="a subfolder of pictures for each class")
    register("unpaired-images", "ganzoo.data.folders:UnpairedImages", summary="trainA, trainB, testA, testB")
    register("paired-images", "ganzoo.data.folders:PairedImages", summary="pairs, side by side or in two folders")
    register("class-domains", "ganzoo.data.folders:ClassDomains", summary="two classes as two domains")
    register("hf-datasets", "ganzoo.data.hf:HubDataset", summary="Parquet of the Hugging Face Hub, or one's own")
    drawn = {"source": "drawn by ganzoo", "licence": "Apache-2.0, as ganzoo is"}
    register(
        "seasons", "ganzoo.data.seasons:Seasons", summary="drawn landscapes, summer and winter; no download", **drawn
    )
    register("glyphs", "ganzoo.data.glyphs:Glyphs", summary="drawn handwritten digits, labelled; no download", **drawn)
    register("ring", "ganzoo.data.points:Ring", summary="points: 8 Gaussians on a circle; no download", **drawn)
    register("grid", "ganzoo.data.points:Grid", summary="points: 25 Gaussians on a lattice; no download", **drawn)
    digits = {"source": "MNIST, by Y. LeCun, C. Cortes and C. Burges", "licence": "CC BY-SA 3.0, as commonly reported"}
    register("mnist", "ganzoo.data.mnist:Mnist", summary="handwritten digits, labelled", **digits)
    stacked = "ganzoo.data.stacked:StackedMnist"
    register("stacked-mnist", stacked, summary="three digits as three channels, 1000 modes", **digits)
    clothes = {"source": "Fashion-MNIST, by Zalando Research, arXiv:1708.07747", "licence": "MIT"}
    register("fashion-mnist", "ganzoo.data.mnist:FashionMnist", summary="clothes in grey, labelled", **clothes)
    source = "CIFAR-10, by A. Krizhevsky, V. Nair and G. Hinton"
    register("cifar10", "ganzoo.data.cifar:Cifar10", summary="photos of ten classes, labelled", source=source)


@hookimpl
def register_metrics(register: Register) -> None:
    register("psnr", "ganzoo.metrics.paired:Psnr", summary="translation against the true picture, in dB")
    register("ssim", "ganzoo.metrics.paired:Ssim", summary="translation against the true picture, structure")
    register("l1", "ganzoo.metrics.paired:L1", summary="translation against the true picture, mean difference")
    generative, modes = "ganzoo.metrics.generative", "ganzoo.metrics.modes"
    register("frechet", f"{generative}:Frechet", summary="Fréchet distance of features (FID)")
    register("kid", f"{generative}:Kid", summary="kernel distance of features (KID)")
    register("precision-recall", f"{generative}:PrecisionRecall", summary="fakes among real ones, and real among fakes")
    register("density-coverage", f"{generative}:DensityCoverage", summary="the same by counts, less moved by outliers")
    register("inception-score", f"{generative}:InceptionScore", summary="clear and varied pictures, by their labels")
    register("conditional-accuracy", f"{generative}:ConditionalAccuracy", summary="pictures of the label asked for")
    register("mode-coverage", f"{modes}:ModeCoverage", summary="modes caught of 'ring' and 'grid', and how sharply")
    register("stacked-modes", f"{modes}:StackedModes", summary="modes caught of 'stacked-mnist', and how evenly")
