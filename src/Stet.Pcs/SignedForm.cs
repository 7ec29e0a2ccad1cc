namespace Stet.Pcs;

/// <summary>How producers of 0.1 write the eight signed members.</summary>
enum SignedFormKind
{
    A,
    B,
    J,
    G,
}

/// <summary>The text that a signature of 0.1 covers.</summary>
static class SignedForm
{
    public static void Write(ref TextBuffer text, PcsDocument document, SignedFormKind form)
    {
        var strings = form switch
        {
            SignedFormKind.A => StringStyle.S1,
            SignedFormKind.J => StringStyle.S3,
            _ => StringStyle.S2,
        };

        // Byte order, but G sorts without regard to case.
        if (form == SignedFormKind.G)
        {
            text.Add("{\"budget\":"u8);
            WriteNumber(ref text, document.Budget, form);
            text.Add(",\"coh_star\":"u8);
            WriteNumber(ref text, document.CohStar, form);
            text.Add(",\"D_hat\":"u8);
            WriteNumber(ref text, document.DHat, form);
        }
        else
        {
            text.Add("{\"D_hat\":"u8);
            WriteNumber(ref text, document.DHat, form);
            text.Add(",\"budget\":"u8);
            WriteNumber(ref text, document.Budget, form);
            text.Add(",\"coh_star\":"u8);
            WriteNumber(ref text, document.CohStar, form);
        }

        text.Add(",\"epoch\":"u8);
        text.Add(document.Epoch);
        text.Add(",\"merkle_root\":"u8);
        StringText.Write(ref text, document.MerkleRoot, strings);
        text.Add(",\"pcs_id\":"u8);
        StringText.Write(ref text, document.PcsId, strings);
        text.Add(",\"r\":"u8);
        WriteNumber(ref text, document.R, form);
        text.Add(",\"shard_id\":"u8);
        StringText.Write(ref text, document.ShardId, strings);
        text.Add((byte)'}');
    }

    static void WriteNumber(ref TextBuffer text, double value, SignedFormKind form)
    {
        var (rounded, style) = form switch
        {
            SignedFormKind.A => (Rounding.A(value), NumberStyle.T1),
            SignedFormKind.J => (Rounding.J(value), NumberStyle.EcmaScript),
            _ => (Rounding.G(value), NumberStyle.T2),
        };
        NumberText.Write(ref text, rounded, style);
    }
}
