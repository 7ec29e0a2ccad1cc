using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using Stet.Client.AuditLog;

namespace Stet.Client.Tests;

/// <summary>A verifier that used the writer's code would repeat the writer's mistakes.</summary>
public class IndependenceSpecs
{
    const string Verifier = "Stet.Client.AuditLog";

    [Fact]
    public void The_verifier_uses_no_type_of_the_product_but_its_own()
    {
        var used = TypesUsedBy(Verifier);

        used.ShouldContain(t => t.StartsWith("System.Security.Cryptography.SHA256", StringComparison.Ordinal));
        used.Where(IsOfTheProduct).Where(t => !IsUnder(t, Verifier)).ShouldBeEmpty();
    }

    [Fact]
    public void The_walk_through_the_assembly_sees_what_these_tests_use()
    {
        var used = TypesUsedBy("Stet.Client.Tests", typeof(IndependenceSpecs).Assembly.Location);

        used.ShouldContain("Stet.AuditLog.CanonicalJson");
        used.ShouldContain("Stet.AuditLog.Ed25519");
    }

    static bool IsOfTheProduct(string type) => IsUnder(type, "Stet");

    static bool IsUnder(string type, string space) => type.StartsWith(space + ".", StringComparison.Ordinal);

    /// <summary>All types that signatures and method bodies under a namespace name.</summary>
    static HashSet<string> TypesUsedBy(string space, string? assembly = null)
    {
        using var file = new PEReader(File.OpenRead(assembly ?? typeof(AuditVerifier).Assembly.Location));
        var metadata = file.GetMetadataReader();
        var names = new TypeNames(metadata);
        foreach (var type in metadata.TypeDefinitions.Select(metadata.GetTypeDefinition))
        {
            if (!IsUnder(names.Of(type) + ".", space)) continue;

            names.Add(type.BaseType);
            foreach (var i in type.GetInterfaceImplementations()) names.Add(metadata.GetInterfaceImplementation(i).Interface);
            foreach (var a in type.GetCustomAttributes()) names.Add(metadata.GetCustomAttribute(a).Constructor);
            foreach (var f in type.GetFields()) metadata.GetFieldDefinition(f).DecodeSignature(names, null);
            foreach (var m in type.GetMethods().Select(metadata.GetMethodDefinition))
            {
                m.DecodeSignature(names, null);
                if (m.RelativeVirtualAddress == 0) continue;

                var body = file.GetMethodBody(m.RelativeVirtualAddress);
                if (!body.LocalSignature.IsNil) metadata.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(names, null);
                foreach (var token in Tokens(body.GetILReader())) names.Add(token);
            }
        }

        return names.Used;
    }

    /// <summary>The metadata tokens in a method's instructions.</summary>
    static IEnumerable<EntityHandle> Tokens(BlobReader il)
    {
        var tokens = new List<EntityHandle>();
        while (il.RemainingBytes > 0)
        {
            int first = il.ReadByte();
            var opcode = opcodes[first == 0xFE ? (short)((first << 8) | il.ReadByte()) : (short)first];
            switch (opcode.OperandType)
            {
                case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType:
                    tokens.Add(MetadataTokens.EntityHandle(il.ReadInt32()));
                    break;
                case OperandType.InlineSwitch:
                    var targets = il.ReadInt32(); // moves the offset, so it comes first
                    il.Offset += targets * 4;
                    break;
                default:
                    il.Offset += Size(opcode.OperandType);
                    break;
            }
        }

        return tokens;
    }

    static int Size(OperandType operand) => operand switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        _ => 4,
    };

    static readonly Dictionary<short, OpCode> opcodes = typeof(OpCodes).GetFields().Select(f => (OpCode)f.GetValue(null)!).ToDictionary(o => o.Value);

    /// <summary>Collects the full names of the types that handles and signatures name.</summary>
    sealed class TypeNames(MetadataReader metadata) : ISignatureTypeProvider<string, object?>
    {
        public HashSet<string> Used { get; } = [];

        public void Add(EntityHandle handle)
        {
            switch (handle.Kind)
            {
                case HandleKind.TypeReference: GetTypeFromReference(metadata, (TypeReferenceHandle)handle, 0); break;
                case HandleKind.TypeDefinition: GetTypeFromDefinition(metadata, (TypeDefinitionHandle)handle, 0); break;
                case HandleKind.TypeSpecification: metadata.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(this, null); break;
                case HandleKind.MethodDefinition: Add(metadata.GetMethodDefinition((MethodDefinitionHandle)handle).GetDeclaringType()); break;
                case HandleKind.FieldDefinition: Add(metadata.GetFieldDefinition((FieldDefinitionHandle)handle).GetDeclaringType()); break;
                case HandleKind.MemberReference: Add(metadata.GetMemberReference((MemberReferenceHandle)handle).Parent); break;
                case HandleKind.MethodSpecification:
                    var method = metadata.GetMethodSpecification((MethodSpecificationHandle)handle);
                    method.DecodeSignature(this, null);
                    Add(method.Method);
                    break;
            }
        }

        public string Of(TypeDefinition type) =>
            type.IsNested ? Of(metadata.GetTypeDefinition(type.GetDeclaringType())) : Name(type.Namespace, type.Name);

        public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => Use(Of(reader.GetTypeDefinition(handle)));

        public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind)
        {
            var type = reader.GetTypeReference(handle);
            return type.ResolutionScope.Kind == HandleKind.TypeReference
                ? GetTypeFromReference(reader, (TypeReferenceHandle)type.ResolutionScope, 0)
                : Use(Name(type.Namespace, type.Name));
        }

        public string GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
            reader.GetTypeSpecification(handle).DecodeSignature(this, null);

        public string GetGenericInstantiation(string genericType, System.Collections.Immutable.ImmutableArray<string> typeArguments) => genericType;

        public string GetArrayType(string elementType, ArrayShape shape) => elementType;

        public string GetByReferenceType(string elementType) => elementType;

        public string GetPointerType(string elementType) => elementType;

        public string GetPinnedType(string elementType) => elementType;

        public string GetSZArrayType(string elementType) => elementType;

        public string GetModifiedType(string modifier, string unmodifiedType, bool isRequired) => unmodifiedType;

        public string GetFunctionPointerType(MethodSignature<string> signature) => "";

        public string GetGenericMethodParameter(object? genericContext, int index) => "";

        public string GetGenericTypeParameter(object? genericContext, int index) => "";

        public string GetPrimitiveType(PrimitiveTypeCode typeCode) => "";

        string Name(StringHandle space, StringHandle name) => $"{metadata.GetString(space)}.{metadata.GetString(name)}";

        string Use(string name)
        {
            Used.Add(name);
            return name;
        }
    }
}
