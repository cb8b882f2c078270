// written by python -m docs.compare
globalThis.COMPARED = [
 {
  "name": "otter",
  "title": "An otter on a rock",
  "source": "Oakland Zoo, the author is not named, budgie-backgrounds, CC0",
  "hasTruth": false,
  "width": 1280,
  "height": 772,
  "hole": {
   "left": 30,
   "top": 23,
   "right": 1199,
   "bottom": 607
  },
  "methods": [
   {
    "file": "inpaint",
    "name": "Inpaint",
    "scores": {
     "detail": "0.82",
     "seam": "0.99"
    }
   },
   {
    "file": "inpaint-its-network-alone",
    "name": "Inpaint, its network alone",
    "scores": {
     "detail": "0.32",
     "seam": "0.84"
    }
   },
   {
    "file": "patchmatch",
    "name": "PatchMatch",
    "scores": {
     "detail": "0.73",
     "seam": "1.13"
    }
   },
   {
    "file": "opencv-telea",
    "name": "OpenCV Telea",
    "scores": {
     "detail": "0.20",
     "seam": "0.73"
    }
   },
   {
    "file": "opencv-navier-stokes",
    "name": "OpenCV Navier-Stokes",
    "scores": {
     "detail": "0.14",
     "seam": "0.64"
    }
   },
   {
    "file": "push-pull-pyramid",
    "name": "push-pull pyramid",
    "scores": {
     "detail": "0.05",
     "seam": "0.85"
    }
   }
  ]
 },
 {
  "name": "farmhouse",
  "title": "Drawn scratches and spots on a print",
  "source": "Dorothea Lange, 1935-1940, Getty Open Content, CC0",
  "hasTruth": false,
  "width": 1024,
  "height": 788,
  "hole": {
   "left": 5,
   "top": 12,
   "right": 1013,
   "bottom": 771
  },
  "methods": [
   {
    "file": "inpaint",
    "name": "Inpaint",
    "scores": {
     "detail": "0.60",
     "seam": "0.62"
    }
   },
   {
    "file": "inpaint-its-network-alone",
    "name": "Inpaint, its network alone",
    "scores": {
     "detail": "0.60",
     "seam": "0.61"
    }
   },
   {
    "file": "patchmatch",
    "name": "PatchMatch",
    "scores": {
     "detail": "1.11",
     "seam": "1.08"
    }
   },
   {
    "file": "opencv-telea",
    "name": "OpenCV Telea",
    "scores": {
     "detail": "0.41",
     "seam": "0.68"
    }
   },
   {
    "file": "opencv-navier-stokes",
    "name": "OpenCV Navier-Stokes",
    "scores": {
     "detail": "0.43",
     "seam": "0.62"
    }
   },
   {
    "file": "push-pull-pyramid",
    "name": "push-pull pyramid",
    "scores": {
     "detail": "0.17",
     "seam": "0.81"
    }
   }
  ]
 },
 {
  "name": "harbour",
  "title": "A mast and its ropes",
  "source": "Felice Beato, about 1865, Getty Open Content, CC0",
  "hasTruth": false,
  "width": 1024,
  "height": 819,
  "hole": {
   "left": 493,
   "top": 109,
   "right": 693,
   "bottom": 465
  },
  "methods": [
   {
    "file": "inpaint",
    "name": "Inpaint",
    "scores": {
     "detail": "0.56",
     "seam": "0.85"
    }
   },
   {
    "file": "inpaint-its-network-alone",
    "name": "Inpaint, its network alone",
    "scores": {
     "detail": "0.50",
     "seam": "0.58"
    }
   },
   {
    "file": "patchmatch",
    "name": "PatchMatch",
    "scores": {
     "detail": "0.70",
     "seam": "1.04"
    }
   },
   {
    "file": "opencv-telea",
    "name": "OpenCV Telea",
    "scores": {
     "detail": "0.23",
     "seam": "0.70"
    }
   },
   {
    "file": "opencv-navier-stokes",
    "name": "OpenCV Navier-Stokes",
    "scores": {
     "detail": "0.19",
     "seam": "0.62"
    }
   },
   {
    "file": "push-pull-pyramid",
    "name": "push-pull pyramid",
    "scores": {
     "detail": "0.09",
     "seam": "0.85"
    }
   }
  ]
 },
 {
  "name": "cracked",
  "title": "Cracks, creases and dust, as they are found",
  "source": "Dorothea Lange, 1935-1940, Getty Open Content, CC0",
  "hasTruth": false,
  "width": 1024,
  "height": 788,
  "hole": {
   "left": 0,
   "top": 0,
   "right": 1024,
   "bottom": 788
  },
  "methods": [
   {
    "file": "inpaint",
    "name": "Inpaint",
    "scores": {
     "detail": "0.64",
     "seam": "1.16"
    }
   },
   {
    "file": "inpaint-its-network-alone",
    "name": "Inpaint, its network alone",
    "scores": {
     "detail": "0.64",
     "seam": "1.16"
    }
   },
   {
    "file": "patchmatch",
    "name": "PatchMatch",
    "scores": {
     "detail": "0.70",
     "seam": "1.41"
    }
   },
   {
    "file": "opencv-telea",
    "name": "OpenCV Telea",
    "scores": {
     "detail": "0.51",
     "seam": "1.38"
    }
   },
   {
    "file": "opencv-navier-stokes",
    "name": "OpenCV Navier-Stokes",
    "scores": {
     "detail": "0.37",
     "seam": "1.09"
    }
   },
   {
    "file": "push-pull-pyramid",
    "name": "push-pull pyramid",
    "scores": {
     "detail": "0.15",
     "seam": "1.31"
    }
   }
  ]
 },
 {
  "name": "coffee",
  "title": "Ink on a photo",
  "source": "Rachel Michetti, scikit-image, CC0",
  "hasTruth": false,
  "width": 600,
  "height": 400,
  "hole": {
   "left": 22,
   "top": 82,
   "right": 595,
   "bottom": 391
  },
  "methods": [
   {
    "file": "inpaint",
    "name": "Inpaint",
    "scores": {
     "detail": "0.53",
     "seam": "0.71"
    }
   },
   {
    "file": "inpaint-its-network-alone",
    "name": "Inpaint, its network alone",
    "scores": {
     "detail": "0.41",
     "seam": "0.54"
    }
   },
   {
    "file": "patchmatch",
    "name": "PatchMatch",
    "scores": {
     "detail": "0.84",
     "seam": "0.92"
    }
   },
   {
    "file": "opencv-telea",
    "name": "OpenCV Telea",
    "scores": {
     "detail": "0.33",
     "seam": "0.65"
    }
   },
   {
    "file": "opencv-navier-stokes",
    "name": "OpenCV Navier-Stokes",
    "scores": {
     "detail": "0.33",
     "seam": "0.57"
    }
   },
   {
    "file": "push-pull-pyramid",
    "name": "push-pull pyramid",
    "scores": {
     "detail": "0.17",
     "seam": "0.74"
    }
   }
  ]
 },
 {
  "name": "chelsea",
  "title": "Strokes over a cat",
  "source": "Stefan van der Walt, scikit-image, CC0",
  "hasTruth": true,
  "width": 451,
  "height": 300,
  "hole": {
   "left": 0,
   "top": 0,
   "right": 451,
   "bottom": 300
  },
  "methods": [
   {
    "file": "inpaint",
    "name": "Inpaint",
    "scores": {
     "PSNR": "21.29",
     "SSIM": "0.472",
     "ELP": "0.297",
     "ELP2": "0.334"
    }
   },
   {
    "file": "inpaint-its-network-alone",
    "name": "Inpaint, its network alone",
    "scores": {
     "PSNR": "21.36",
     "SSIM": "0.478",
     "ELP": "0.298",
     "ELP2": "0.335"
    }
   },
   {
    "file": "patchmatch",
    "name": "PatchMatch",
    "scores": {
     "PSNR": "19.53",
     "SSIM": "0.367",
     "ELP": "0.385",
     "ELP2": "0.445"
    }
   },
   {
    "file": "opencv-telea",
    "name": "OpenCV Telea",
    "scores": {
     "PSNR": "19.72",
     "SSIM": "0.405",
     "ELP": "0.552",
     "ELP2": "0.643"
    }
   },
   {
    "file": "opencv-navier-stokes",
    "name": "OpenCV Navier-Stokes",
    "scores": {
     "PSNR": "19.50",
     "SSIM": "0.397",
     "ELP": "0.555",
     "ELP2": "0.635"
    }
   },
   {
    "file": "push-pull-pyramid",
    "name": "push-pull pyramid",
    "scores": {
     "PSNR": "20.10",
     "SSIM": "0.404",
     "ELP": "0.499",
     "ELP2": "0.588"
    }
   }
  ]
 },
 {
  "name": "rocket",
  "title": "Large holes in a launch at night",
  "source": "SpaceX, scikit-image, CC0",
  "hasTruth": true,
  "width": 640,
  "height": 427,
  "hole": {
   "left": 0,
   "top": 36,
   "right": 606,
   "bottom": 427
  },
  "methods": [
   {
    "file": "inpaint",
    "name": "Inpaint",
    "scores": {
     "PSNR": "19.90",
     "SSIM": "0.625",
     "ELP": "0.541",
     "ELP2": "0.613"
    }
   },
   {
    "file": "inpaint-its-network-alone",
    "name": "Inpaint, its network alone",
    "scores": {
     "PSNR": "20.68",
     "SSIM": "0.644",
     "ELP": "0.502",
     "ELP2": "0.568"
    }
   },
   {
    "file": "patchmatch",
    "name": "PatchMatch",
    "scores": {
     "PSNR": "17.68",
     "SSIM": "0.547",
     "ELP": "0.588",
     "ELP2": "0.665"
    }
   },
   {
    "file": "opencv-telea",
    "name": "OpenCV Telea",
    "scores": {
     "PSNR": "18.93",
     "SSIM": "0.585",
     "ELP": "0.669",
     "ELP2": "0.742"
    }
   },
   {
    "file": "opencv-navier-stokes",
    "name": "OpenCV Navier-Stokes",
    "scores": {
     "PSNR": "19.71",
     "SSIM": "0.623",
     "ELP": "0.672",
     "ELP2": "0.746"
    }
   },
   {
    "file": "push-pull-pyramid",
    "name": "push-pull pyramid",
    "scores": {
     "PSNR": "20.21",
     "SSIM": "0.656",
     "ELP": "0.589",
     "ELP2": "0.688"
    }
   }
  ]
 },
 {
  "name": "gravel",
  "title": "Large holes in a texture",
  "source": "CC0-Textures, scikit-image, CC0",
  "hasTruth": true,
  "width": 512,
  "height": 512,
  "hole": {
   "left": 0,
   "top": 135,
   "right": 390,
   "bottom": 512
  },
  "methods": [
   {
    "file": "inpaint",
    "name": "Inpaint",
    "scores": {
     "PSNR": "13.80",
     "SSIM": "0.036",
     "ELP": "0.472",
     "ELP2": "0.502"
    }
   },
   {
    "file": "inpaint-its-network-alone",
    "name": "Inpaint, its network alone",
    "scores": {
     "PSNR": "16.01",
     "SSIM": "0.029",
     "ELP": "0.576",
     "ELP2": "0.656"
    }
   },
   {
    "file": "patchmatch",
    "name": "PatchMatch",
    "scores": {
     "PSNR": "13.79",
     "SSIM": "0.031",
     "ELP": "0.483",
     "ELP2": "0.508"
    }
   },
   {
    "file": "opencv-telea",
    "name": "OpenCV Telea",
    "scores": {
     "PSNR": "15.14",
     "SSIM": "0.038",
     "ELP": "0.863",
     "ELP2": "0.926"
    }
   },
   {
    "file": "opencv-navier-stokes",
    "name": "OpenCV Navier-Stokes",
    "scores": {
     "PSNR": "15.54",
     "SSIM": "0.024",
     "ELP": "0.886",
     "ELP2": "0.944"
    }
   },
   {
    "file": "push-pull-pyramid",
    "name": "push-pull pyramid",
    "scores": {
     "PSNR": "16.37",
     "SSIM": "0.026",
     "ELP": "0.815",
     "ELP2": "0.911"
    }
   }
  ]
 },
 {
  "name": "astronaut",
  "title": "Scratches over a portrait",
  "source": "NASA, scikit-image, public domain",
  "hasTruth": true,
  "width": 512,
  "height": 512,
  "hole": {
   "left": 0,
   "top": 0,
   "right": 512,
   "bottom": 512
  },
  "methods": [
   {
    "file": "inpaint",
    "name": "Inpaint",
    "scores": {
     "PSNR": "20.62",
     "SSIM": "0.845",
     "ELP": "0.032",
     "ELP2": "0.040"
    }
   },
   {
    "file": "inpaint-its-network-alone",
    "name": "Inpaint, its network alone",
    "scores": {
     "PSNR": "20.62",
     "SSIM": "0.845",
     "ELP": "0.032",
     "ELP2": "0.040"
    }
   },
   {
    "file": "patchmatch",
    "name": "PatchMatch",
    "scores": {
     "PSNR": "18.95",
     "SSIM": "0.775",
     "ELP": "0.055",
     "ELP2": "0.069"
    }
   },
   {
    "file": "opencv-telea",
    "name": "OpenCV Telea",
    "scores": {
     "PSNR": "19.79",
     "SSIM": "0.781",
     "ELP": "0.064",
     "ELP2": "0.086"
    }
   },
   {
    "file": "opencv-navier-stokes",
    "name": "OpenCV Navier-Stokes",
    "scores": {
     "PSNR": "20.13",
     "SSIM": "0.804",
     "ELP": "0.050",
     "ELP2": "0.065"
    }
   },
   {
    "file": "push-pull-pyramid",
    "name": "push-pull pyramid",
    "scores": {
     "PSNR": "19.54",
     "SSIM": "0.769",
     "ELP": "0.068",
     "ELP2": "0.085"
    }
   }
  ]
 }
];
