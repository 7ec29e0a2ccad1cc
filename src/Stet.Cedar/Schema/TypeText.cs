using System.Text;

namespace Stet.Cedar;

/// <summary>Types in the words of the schema language, for messages.</summary>
static class TypeText
{
    // Types can share parts, so that written out in full they would not end.
    const int LongestText = 160;

    public static string Of(CedarType type)
    {
        var text = new StringBuilder();
        Write(text, type);
        return text.ToString();
    }

    static void Write(StringBuilder text, CedarType type)
    {
        if (text.Length > LongestText)
        {
            text.Append('…');
            return;
        }

        switch (type)
        {
            case BoolType:
                text.Append(type == BoolType.True ? "True" : type == BoolType.False ? "False" : "Bool");
                break;
            case AtomType atom:
                text.Append(atom.Name);
                break;
            case EntityType entity:
                text.Append(entity.Name);
                break;
            case SetType set:
                text.Append("Set<");
                Write(text, set.Element);
                text.Append('>');
                break;
            case RecordType record:
                Write(text, record);
                break;
        }
    }

    static void Write(StringBuilder text, RecordType record)
    {
        text.Append('{');
        var separator = "";
        foreach (var attribute in record.Attributes)
        {
            text.Append(separator);
            separator = ", ";
            if (text.Length > LongestText)
            {
                text.Append('…');
                break;
            }

            ValueText.AppendKey(text, attribute.Name);
            text.Append(attribute.IsRequired ? ": " : "?: ");
            Write(text, attribute.Type);
        }

        text.Append('}');
    }
}
