package pictures

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"slices"
)

// Shrink writes a PNG with the 256 colours that it has most of, which is enough
// for text and lines and a third of the size.
func Shrink(from, to string) error {
	in, err := os.Open(from) //nolint:gosec // the caller's own choice
	if err != nil {
		return err
	}
	defer in.Close()
	full, err := png.Decode(in)
	if err != nil {
		return err
	}
	out, err := os.Create(to) //nolint:gosec // the caller's own choice
	if err != nil {
		return err
	}
	defer out.Close()
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(out, paletted(full)); err != nil {
		return err
	}
	return out.Close()
}

func paletted(full image.Image) *image.Paletted {
	often, bounds := map[color.RGBA]int{}, full.Bounds()
	at := func(x, y int) color.RGBA {
		c, _ := color.RGBAModel.Convert(full.At(x, y)).(color.RGBA)
		return c
	}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			often[at(x, y)]++
		}
	}
	colours := make([]color.RGBA, 0, len(often))
	for c := range often {
		colours = append(colours, c)
	}
	slices.SortFunc(colours, func(a, b color.RGBA) int { return often[b] - often[a] })
	var p color.Palette
	for _, c := range colours[:min(len(colours), 256)] {
		p = append(p, c)
	}
	nearest := map[color.RGBA]uint8{}
	small := image.NewPaletted(bounds, p)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			c := at(x, y)
			i, ok := nearest[c]
			if !ok {
				i = uint8(p.Index(c)) //nolint:gosec // of 256
				nearest[c] = i
			}
			small.SetColorIndex(x, y, i)
		}
	}
	return small
}
