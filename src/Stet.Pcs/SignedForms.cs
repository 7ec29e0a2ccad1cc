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

    /// <summary>In which dialect a key made a signature; <see cref="PcsDialect.None"/>: in no one.</summary>
    public PcsDialect DialectOf(PcsKey key, ReadOnlySpan<byte> signature)
    {
        // Who has signed in one dialect does so again, and each of the others costs a signature's verification. A text is
        // signed in one dialect at most, so that none is missed.
        var last = key.LastDialect;
        if (last != PcsDialect.None && IsIn(last, key, signature)) return last;

        foreach (var dialect in PcsDialects.OfV01(key.Algorithm))
            if (dialect != last && IsIn(dialect, key, signature)) return key.LastDialect = dialect;

        return PcsDialect.None;
    }

    bool IsIn(PcsDialect dialect, PcsKey key, ReadOnlySpan<byte> signature) =>
        !IsRepeated(dialect) && PcsSignature.IsBy(key, Message(dialect), signature);

    /// <summary>Whether an earlier form has the very same text, so that its dialects have been tried.</summary>
    bool IsRepeated(PcsDialect dialect)
    {
        var form = dialect.Form();
        if (form == SignedFormKind.G) return false; // it sorts as no other does

        for (var earlier = SignedFormKind.A; earlier < form; earlier++)
        {
            _ = Text(earlier); // to make a text may move the others
            if (Text(form).SequenceEqual(Text(earlier))) return true;
        }

        return false;
    }

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
