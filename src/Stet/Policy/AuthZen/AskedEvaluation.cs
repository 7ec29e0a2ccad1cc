using System.Text.Json;

namespace Stet.Policy.AuthZen;

/// <summary>A question of AuthZEN as it was sent, structurally sound; properties undefined where there are none.</summary>
/// <param name="Subject">Who wants something.</param>
/// <param name="Action">What it wants to do.</param>
/// <param name="ActionProperties">An object, or undefined.</param>
/// <param name="Resource">With what.</param>
/// <param name="Context">Under which circumstances: an object, or undefined.</param>
readonly record struct AskedEvaluation(
    AskedParty Subject, string Action, JsonElement ActionProperties, AskedParty Resource, JsonElement Context);

/// <summary>A subject or resource as it was sent.</summary>
/// <param name="Type">1 to 1,024 bytes of UTF-8.</param>
/// <param name="Id">1 to 1,024 bytes of UTF-8; empty for the one that is searched for.</param>
/// <param name="Properties">An object, or undefined.</param>
readonly record struct AskedParty(string Type, string Id, JsonElement Properties);
