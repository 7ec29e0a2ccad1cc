using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Stet.Pcs;

/// <summary>The forms of one document of 0.1 and their digests, each made once and only if it is asked for.</summary>
ref struct SignedForms(PcsDocument document, Span<byte> room)
{
    TextBuffer text = new(room);
    Ranges ranges;
    Digests digests;
    int made;
    int digested;

    /// <summary>What a signature of the dialect covers. The span ends with the next call.</summary>
    [UnscopedRef]
    public ReadOnlySpan<byte> Message(PcsDialect dialect)
    {
        var form = dialect.Form();
        if (!dialect.IsOfDigest()) return Text(form);

        Span<byte> all = digests;
        var digest = all.Slice((int)form * SHA256.HashSizeInBytes, SHA256.HashSizeInBytes);
        if ((digested & (1 << (int)form)) == 0)
        {
            SHA256.HashData(Text(form), digest);
            digested |= 1 << (int)form;
        }

        return digest;
    }

    /// <summary>Whether an earlier form has the very same text, so that its dialects have been tried.</summary>
    public bool IsRepeated(PcsDialect dialect) => dialect.Form() switch
    {
        SignedFormKind.B => Text(SignedFormKind.B).SequenceEqual(Text(SignedFormKind.A)),
        SignedFormKind.J => Text(SignedFormKind.J).SequenceEqual(Text(SignedFormKind.A)) ||
                            Text(SignedFormKind.J).SequenceEqual(Text(SignedFormKind.B)),
        _ => false,
    };

    public void Dispose() => text.Dispose();

    ReadOnlySpan<byte> Text(SignedFormKind form)
    {
        if ((made & (1 << (int)form)) == 0)
        {
            var start = text.Length;
            SignedForm.Write(ref text, document, form);
            ranges[(int)form] = start..text.Length;
            made |= 1 << (int)form;
        }

        return text.Written[ranges[(int)form]];
    }

    [InlineArray(4)]
    struct Ranges
    {
        Range first;
    }

    [InlineArray(4 * SHA256.HashSizeInBytes)]
    struct Digests
    {
        byte first;
    }
}
