"""What the core itself registers, through the same hooks as any plugin."""

from __future__ import annotations

from ganzoo.hookspecs import hookimpl
from ganzoo.registry import Register


@hookimpl
def register_networks(register: Register) -> None:
    register("unet", "ganzoo.nets.unet:UNet", summary="encoder-decoder with skip connections (pix2pix)")
    register("patch", "ganzoo.nets.patch:PatchDiscriminator", summary="judges overlapping patches (PatchGAN)")
    register("pixel", "ganzoo.nets.patch:PixelDiscriminator", summary="judges each pixel by itself (1x1 PatchGAN)")


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
    register("seasons", "ganzoo.data.seasons:Seasons", summary="drawn landscapes, summer and winter; no download")


@hookimpl
def register_metrics(register: Register) -> None:
    register("psnr", "ganzoo.metrics.paired:Psnr", summary="translation against the true picture, in dB")
    register("ssim", "ganzoo.metrics.paired:Ssim", summary="translation against the true picture, structure")
