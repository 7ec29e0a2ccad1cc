using System.Runtime.InteropServices;

namespace Stet.Pcs;

/// <summary>A point of a shard's data.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct Point(double X, double Y, double Z);
