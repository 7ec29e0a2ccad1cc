global using Scopes = Stet.Authentication.Permissions;
